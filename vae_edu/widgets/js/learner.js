// A VAE that learns beside the page, as a widget sees it.

import {besideThePage} from "./background.js";
import {calm} from "./motion.js";
import {serve} from "./trainer.js";
import trainerText from "./trainer.js" with {type: "text"};

const CALM_PASSES = 10; // between two pictures where less motion is wanted
export const MOST_PASSES = 1000;

// The training as the page sees it: asks for passes, and keeps what came back.
export class Learner {
  constructor(state, images) {
    Object.assign(this, {state, run: 0, history: [], report: null, waiting: true, onEnd: () => {}});
    const background = besideThePage(trainerText, "trainer_js", serve);
    background.then(({port}) => {
      this.port = port;
      port.onmessage = ({data}) => this.receive(data);
      this.begin(images);
    });
    state.onChange(() => state.get("latents") !== this.latents && this.begin());
    state.onEnd(() => background.then(({close}) => close()));
  }

  // From new weights. What is still on its way belongs to an earlier run, and will not count.
  begin(images) {
    if (!this.port) return;
    this.latents = this.state.get("latents");
    this.history = [];
    this.ask({latent: this.latents, images});
  }

  train() {
    if (this.waiting) return;
    const {beta, learning_rate: learningRate} = this.state.all();
    this.ask({train: {beta, learningRate, passes: calm.matches ? CALM_PASSES : 1}});
  }

  ask(request) {
    if (!request.train) this.run += 1;
    this.waiting = true;
    this.port.postMessage({run: this.run, ...request});
  }

  receive(report) {
    if (report.run !== this.run) return;
    const {passes, reconstruction, divergences} = report;
    const divergence = divergences.reduce((a, b) => a + b);
    this.waiting = false;
    this.report = report;
    this.history.push({passes, reconstruction, divergence});
    this.state.set({passes, reconstruction, divergence});
    if (passes >= MOST_PASSES || !Number.isFinite(reconstruction - divergence)) this.onEnd();
  }
}
