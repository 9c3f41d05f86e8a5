// β, live: a small VAE learns the digits while the reader turns the weight of its divergence.

import {paintGray} from "./canvas.js";
import {Clock} from "./clock.js";
import {button, choice, playButton, slider} from "./controls.js";
import {readDigits} from "./digits.js";
import {fill, h} from "./dom.js";
import {key} from "./key.js";
import {Learner, MOST_PASSES} from "./learner.js";
import {fixed} from "./numbers.js";
import {Plot} from "./plot.js";
import {readout} from "./readout.js";
import {sample} from "./scale.js";
import {halfWidth, labelPlaces} from "./scatter.js";
import {State} from "./state.js";

const STRONG = 8; // a β at which no latent is worth its nats
const IN_USE = 0.1; // nats
const [BOUND, RECONSTRUCTION, DIVERGENCE] = [0, 1, 2]; // series
const COLUMNS = 8;
const GRAY = 0.4; // between the pictures
const HELP = "β and the learning rate act at once, also while it learns. Another number of latents begins anew.";

function render({model, el}) {
  const state = new State(model, ["beta", "latents", "learning_rate", "passes", "reconstruction", "divergence"]);
  const digits = readDigits(model);
  const learner = new Learner(state, digits.images);
  const plane = planePlot(state, learner, digits.labels);
  const clock = new Clock(state, plane.element, () => learner.train());
  learner.onEnd = () => clock.stop();
  const pictures = h("canvas", {class: "vae-samples", role: "img",
    "aria-label": "Pictures that the decoder makes of draws from the prior"});
  state.watch(() => paintPictures(pictures, learner.report?.samples ?? [], digits.imageShape));
  const column = fill(el,
    h("div", {class: "vae-controls"}, ...controls(state), ...buttons(state, learner, clock)),
    plane.element,
    h("div", {}, h("p", {class: "vae-help"}, "Draws from the prior, decoded"), pictures,
      latentsPlot(state, learner).element),
    key([{text: "bound", series: BOUND}, {text: "reconstruction", series: RECONSTRUCTION},
      {text: "−divergence", series: DIVERGENCE}]),
    termsPlot(state, learner).element,
    readout(state, () => inWords(state.all(), learner.report)),
    h("p", {class: "vae-help"}, HELP));
  column.classList.add("vae-live-beta");
  return state.cleanup();
}

function controls(state) {
  const some = (values) => values.map((value) => [value, String(value)]);
  return [
    slider(state, {name: "beta", label: "β", min: 0, max: STRONG, step: 0.25}),
    choice(state, {name: "latents", label: "latents", options: some([2, 4, 8])}),
    choice(state, {name: "learning_rate", label: "learning rate", options: some([0.0005, 0.002, 0.008, 0.03])}),
  ];
}

function buttons(state, learner, clock) {
  const collapse = () => {
    state.set({beta: STRONG});
    clock.start();
  };
  const reset = () => {
    clock.stop();
    state.reset();
    learner.begin();
  };
  return [playButton(clock, ["Train", "Pause"]), button("Collapse", collapse), button("Reset", reset)];
}

// Where the encoder puts the images, in the two latents that carry most nats.
function planePlot(state, learner, labels) {
  let drawn = {half: 3.5, places: new Map(), latents: [0, 1]};
  let of = null;
  const look = () => {
    if (learner.report !== of) drawn = planeOf(of = learner.report, labels);
    return drawn;
  };
  const axis = (i) => ({
    get range() { return [-look().half, look().half]; },
    get title() { return `z${subscript(look().latents[i])}`; },
  });
  return new Plot(state, {
    label: "The latent plane: posterior means of the digits, by label",
    x: axis(0), y: axis(1), aspect: 1,
    paint: (pen) => paintPlane(pen, look(), labels),
  });
}

const subscript = (latent) => "₁₂₃₄₅₆₇₈"[latent];

function planeOf({means, divergences}, labels) {
  const count = divergences.length;
  const latents = [...divergences.keys()].sort((a, b) => divergences[b] - divergences[a]).slice(0, 2).sort();
  const flat = Float32Array.from({length: 2 * labels.length}, (_, i) => means[(i >> 1) * count + latents[i & 1]]);
  const half = halfWidth(flat);
  return {half, latents, flat, places: labelPlaces(flat, labels, half)};
}

function paintPlane(pen, {flat = [], places}, labels) {
  const {context, colors} = pen;
  for (const mass of [0.5, 0.9, 0.99]) { // of the prior, inside the circles
    const radius = Math.sqrt(-2 * Math.log(1 - mass));
    const circle = sample((angle) => angle, [0, 2 * Math.PI], 60);
    pen.stroke(pen.through(circle.map(([a]) => [radius * Math.cos(a), radius * Math.sin(a)])), colors.line, 1);
  }
  context.globalAlpha = 0.75;
  for (let i = 0; i < flat.length / 2; i++) {
    context.fillStyle = colors.digits[labels[i]];
    context.fillRect(pen.x(flat[2 * i]) - 1.25, pen.y(flat[2 * i + 1]) - 1.25, 2.5, 2.5);
  }
  context.globalAlpha = 1;
  for (const [label, place] of places) {
    pen.text(label, place, {color: colors.digits[label], font: "700 16px system-ui, sans-serif"});
  }
}

function latentsPlot(state, learner) {
  const nats = () => [...learner.report?.divergences ?? []];
  return new Plot(state, {
    label: "The divergence of each latent",
    x: {get range() { return [0, nats().length || 1]; }, ticks: 0},
    y: {get range() { return [0, [2, 5, 10, 20, 50].find((most) => most > Math.max(...nats(), 0)) ?? 100]; }, ticks: 4,
      title: "nats in each latent"},
    aspect: 1.8,
    paint: (pen) => nats().forEach((value, i) => {
      pen.bar([i + 0.15, i + 0.85], [0, value], {series: DIVERGENCE});
      pen.text(`z${subscript(i)}`, [i + 0.5, value], {by: [0, 9]});
    }),
  });
}

// The terms in every report since the beginning: the two lower curves add up to the third.
function termsPlot(state, learner) {
  const bound = ({reconstruction, divergence}) => reconstruction - divergence;
  return new Plot(state, {
    label: "The bound and its two terms over the passes",
    x: {get range() { return [0, [50, 100, 200, 500].find((most) => most >= state.get("passes")) ?? MOST_PASSES]; },
      title: "passes through the digits"},
    y: {get range() { return [Math.min(-50, 50 * Math.floor(Math.min(...learner.history.map(bound)) / 50)), 0]; },
      title: "nats"},
    aspect: 2.6,
    paint: (pen) => {
      const curve = (f, series) => pen.curve(learner.history.map((entry) => [entry.passes, f(entry)]), {series});
      curve(({divergence}) => -divergence, DIVERGENCE);
      curve(({reconstruction}) => reconstruction, RECONSTRUCTION);
      curve(bound, BOUND);
    },
  });
}

function paintPictures(canvas, pictures, [rows, columns]) {
  const width = COLUMNS * (columns + 1) + 1;
  const height = Math.ceil(pictures.length / COLUMNS) * (rows + 1) + 1;
  Object.assign(canvas, {width, height});
  const all = new Float64Array(width * height).fill(GRAY);
  pictures.forEach((picture, i) => {
    const [top, left] = [Math.floor(i / COLUMNS) * (rows + 1) + 1, (i % COLUMNS) * (columns + 1) + 1];
    for (let row = 0; row < rows; row++) {
      all.set(picture.subarray(row * columns, (row + 1) * columns), (top + row) * width + left);
    }
  });
  paintGray(canvas, all);
}

function inWords({beta, passes, reconstruction, divergence}, report) {
  if (!report) return "The digits are being unpacked.";
  const bound = reconstruction - divergence;
  if (!Number.isFinite(bound)) return "The bound is no longer finite: reset, and take a smaller learning rate.";
  const nats = [...report.divergences];
  return `After ${passes} passes, with β = ${fixed(beta)}: reconstruction ${fixed(reconstruction)} − divergence ` +
    `${fixed(divergence)} = bound ${fixed(bound)} nats; ${nats.filter((some) => some > IN_USE).length} of ` +
    `${nats.length} latents in use.`;
}

export default {render};
