// Training of a small VAE on request, beside the page or in it. It knows nothing of either: a port brings requests,
// {run, latent} to begin anew and {run, train: {passes, beta, learningRate}} to go on, and takes a report for each.

import {Random} from "./random.js";
import {Adam, TinyVAE} from "./tiny-vae.js";

const [HIDDEN, BATCH, SAMPLES] = [64, 50, 16];
const [WEIGHTS_SEED, REPORT_SEED] = [1, 2];

// Answers what `port` asks about images, each an array of pixels, working no longer than `slice` milliseconds at once.
export function serve(port, slice = Infinity) {
  let images, training;
  port.onmessage = ({data: request}) => {
    images = request.images ?? images;
    if (request.latent) training = new Training(images, request.latent);
    const work = training.answer(request);
    const go = () => {
      const until = performance.now() + slice;
      let step;
      do step = work.next(); while (!step.done && performance.now() < until);
      if (step.done) port.postMessage(step.value);
      else setTimeout(go);
    };
    go();
  };
}

export class Training {
  constructor(images, latent) {
    this.random = new Random(WEIGHTS_SEED);
    this.vae = new TinyVAE({pixels: images[0].length, hidden: HIDDEN, latent}, this.random);
    this.adam = new Adam(this.vae.parameters.length);
    Object.assign(this, {images, latent, passes: 0, order: images.map((_, i) => i)});
  }

  // What the request asks for and then a report, with a pause after each minibatch in which others can do something.
  * answer({run, train}) {
    for (let i = 0; i < (train?.passes ?? 0); i++) yield* this.pass(train);
    return {run, passes: this.passes, ...(yield* this.report())};
  }

  // Once through the images in random order: K13's algorithm 1, with β.
  * pass({beta, learningRate}) {
    const {vae, images, order, random} = this;
    for (let i = order.length - 1; i > 0; i--) { // Fisher and Yates
      const j = Math.floor((i + 1) * random.uniform());
      [order[i], order[j]] = [order[j], order[i]];
    }
    for (let from = 0; from < order.length; from += BATCH) {
      const batch = order.slice(from, from + BATCH);
      for (const i of batch) vae.addGradient(images[i], random.normals(this.latent), beta, 1 / batch.length);
      this.adam.step(vae.parameters, vae.gradient, learningRate);
      yield;
    }
    this.passes += 1;
  }

  // The mean terms over all images, where each is encoded, and pictures of draws from the prior. The noise is the same
  // in every report: what changes has been learned.
  * report() {
    const {vae, images, latent} = this;
    const random = new Random(REPORT_SEED);
    const means = new Float32Array(images.length * latent);
    const divergences = new Float64Array(latent);
    let reconstruction = 0;
    for (let i = 0; i < images.length; i++) {
      const terms = vae.terms(images[i], random.normals(latent));
      means.set(vae.mean.out, i * latent);
      reconstruction += terms.reconstruction / images.length;
      for (let j = 0; j < latent; j++) divergences[j] += terms.divergences[j] / images.length;
      if (i % BATCH === 0) yield;
    }
    const samples = Array.from({length: SAMPLES}, () => vae.picture(random.normals(latent)));
    return {reconstruction, divergences, means, samples};
  }
}
