// Draw a digit: the encoder says where in the plane it belongs and how sure it is, and the decoder draws it again.

import {cssColors, onAppearance, paintGray, sharpContext} from "./canvas.js";
import {button, resetButton} from "./controls.js";
import {fill, h} from "./dom.js";
import {kl} from "./gaussian.js";
import {legend} from "./legend.js";
import {likeMnist} from "./mnist.js";
import {oncePerFrame} from "./motion.js";
import {neighbors} from "./neighbors.js";
import {fixed} from "./numbers.js";
import {inkOf, pad} from "./pad.js";
import {Random} from "./random.js";
import {readout} from "./readout.js";
import {drawPlane, halfWidth, labelPlaces} from "./scatter.js";
import {State} from "./state.js";
import {file, network} from "./weights.js";

const SAMPLES = 4;
const READY = { // strokes, for who cannot draw or would rather begin with one
  2: [[[0.28, 0.72], [0.4, 0.86], [0.6, 0.86], [0.7, 0.7], [0.6, 0.5], [0.3, 0.18], [0.74, 0.18]]],
  4: [[[0.36, 0.86], [0.3, 0.5], [0.7, 0.5]], [[0.68, 0.86], [0.64, 0.12]]],
  7: [[[0.28, 0.8], [0.72, 0.8], [0.44, 0.14]]],
};
const HELP = "Draw with mouse or finger. With keys: arrows move the pen, the space key puts it down and lifts it.";

function render({model, el}) {
  const state = new State(model, ["strokes", "seed"]);
  const [encoder, decoder] = [network(model, ".encoder"), network(model, ".decoder")];
  const answer = answerOf(state, encoder);
  const plane = readPlane(model);
  const {element: legendElement, lit} = legend([...plane.places.keys()], () => drawScatter());
  const scatter = h("canvas");
  const ellipse = h("div", {class: "vae-ellipse", hidden: ""});
  const planeElement = h("div", {class: "vae-plane", role: "img", "aria-label": "The latent plane"}, scatter, ellipse);
  const drawScatter = oncePerFrame(() => drawPlane(sharpContext(scatter), {...plane, lit}, cssColors(planeElement)));
  const column = fill(el,
    pad(state, {name: "strokes", label: `A pad to draw a digit on. ${HELP}`}),
    planeElement,
    pictures(state, answer, decoder),
    readout(state, () => inWords(answer(), plane)),
    h("div", {class: "vae-controls"},
      ...Object.entries(READY).map(([digit, strokes]) => button(`A ready ${digit}`, () => state.set({strokes}))),
      button("New draws", () => state.set({seed: state.get("seed") + 1})),
      resetButton(state, "Reset: an empty pad")),
    legendElement,
    h("p", {class: "vae-help"}, `${HELP} The ellipse has half-axes of two standard deviations.`));
  column.classList.add("vae-draw-digit");
  state.onEnd(onAppearance(planeElement, drawScatter));
  state.watch(() => place(ellipse, answer(), plane.half));
  return state.cleanup();
}

function readPlane(model) {
  const {tensors: {means: {values: means}, labels: {values: labels}}} = file(model, ".plane");
  const half = halfWidth(means);
  return {means, dots: means, labels, half, places: labelPlaces(means, labels, half)};
}

// A function that gives {image, mean, sd} of what is drawn, computed once for each drawing; undefined without ink.
function answerOf(state, encoder) {
  let [drawing, known] = [];
  return () => {
    if (drawing !== state.get("strokes")) {
      drawing = state.get("strokes");
      const image = likeMnist(inkOf(drawing));
      const [mean, logVar] = image ? encoder.forward(image).map((head) => Array.from(head)) : [];
      known = image && {image, mean, sd: logVar.map((value) => Math.exp(value / 2))};
    }
    return known;
  };
}

// What the encoder sees, what the decoder draws at the mean, and at draws from the posterior.
function pictures(state, answer, decoder) {
  const show = (label, pixels) => {
    const canvas = h("canvas", {class: "vae-picture", width: 28, height: 28, role: "img", "aria-label": label});
    state.watch(() => paintGray(canvas, answer() ? pixels(answer()) : new Float32Array(28 * 28)));
    return h("div", {}, canvas, h("p", {class: "vae-caption"}, label));
  };
  const sample = (i) => ({mean, sd}) => {
    const epsilon = new Random(state.get("seed")).normals(2 * SAMPLES).slice(2 * i);
    return decoder.forward(mean.map((value, j) => value + sd[j] * epsilon[j]))[0];
  };
  return h("div", {class: "vae-strip"},
    show("seen", ({image}) => image),
    show("at the mean", ({mean}) => decoder.forward(mean)[0]),
    ...Array.from({length: SAMPLES}, (_, i) => show(`draw ${i + 1}`, sample(i))));
}

function place(ellipse, answer, half) {
  ellipse.hidden = !answer;
  if (!answer) return;
  const {mean: [x, y], sd} = answer;
  const share = (length) => `${(100 * length) / (2 * half)}%`;
  Object.assign(ellipse.style, {left: share(half + x), top: share(half - y), width: share(4 * sd[0]), height: share(4 * sd[1])});
}

function inWords(answer, {means, labels}) {
  if (!answer) return "Nothing is drawn yet.";
  const {mean, sd} = answer;
  const nats = mean.reduce((sum, value, j) => sum + kl(value, 2 * Math.log(sd[j])), 0);
  const {counts} = neighbors(means, labels, mean);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const [[label, count]] = counts;
  return `z₁ = ${fixed(mean[0])} ± ${fixed(sd[0])}, z₂ = ${fixed(mean[1])} ± ${fixed(sd[1])}, ${fixed(nats, 1)} nats from the ` +
    `prior. Of the ${total} test images nearest to the mean ${count} ${count === 1 ? "is" : "are"} ${label}.`;
}

export default {render};
