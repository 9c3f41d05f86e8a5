// Twenty sliders: move one latent at a time, walk from one code to another, and see what the picture does.

import {paintGray} from "./canvas.js";
import {change, Codes, DRAW, lengthOf} from "./codes.js";
import {button, choice, resetButton, slider} from "./controls.js";
import {fill, h} from "./dom.js";
import {fixed} from "./numbers.js";
import {readout} from "./readout.js";
import {State} from "./state.js";
import {file, network} from "./weights.js";

const LIMIT = 4; // of the sliders: few draws from the prior are farther out
const ACTIVE = 0.01; // of the variance of the posterior means, as in evaluation/active_units.py
const SHELL = "4.4 ± 0.7"; // lengths of draws from the prior in 20 dimensions, mean and standard deviation
const HELP = "Sliders stand in the order of what the encoder pays for their number, in nats, mean over the test images: " +
  "the bar below the name. Drag, or use the arrow keys.";
const WHICH = [...Array.from({length: 10}, (_, digit) => [digit, `a test image of ${digit}`]), [DRAW, "a draw from the prior"]];

function render({model, el}) {
  const state = new State(model, ["start", "end", "t", "noise", "seed", "moved"]);
  const {tensors, about: {image_shape: shape}} = file(model, ".latents");
  const [codes, decoder] = [new Codes(tensors), network(model, ".decoder")];
  const picture = (z) => decoder.forward(z)[0];
  const put = () => state.set({moved: state.get("moved").map(() => 0)});
  const column = fill(el,
    h("div", {class: "vae-stage"}, ...pictures(state, codes, picture, shape)),
    h("div", {class: "vae-controls"},
      choice(state, {name: "start", label: "from", options: WHICH}),
      choice(state, {name: "end", label: "to", options: WHICH}),
      slider(state, {name: "t", label: "way t", min: 0, max: 1}),
      slider(state, {name: "noise", label: "noise, times ε", min: -3, max: 3, step: 0.1, text: (n) => fixed(n, 1)}),
      button("New draws", () => state.set({seed: state.get("seed") + 1})),
      button("Put back what was moved", put),
      resetButton(state)),
    readout(state, () => inWords(state.all(), codes, picture)),
    latentSliders(state, codes, tensors),
    h("p", {class: "vae-help"}, HELP));
  column.classList.add("vae-twenty-sliders");
  return state.cleanup();
}

// The two ends, small, and between them what z decodes to.
function pictures(state, codes, picture, [rows, columns]) {
  const show = (label, kind, z) => {
    const canvas = h("canvas", {class: "vae-picture", width: columns, height: rows, role: "img", "aria-label": label});
    state.watch(() => paintGray(canvas, picture(z(state.all()))));
    return h("div", {class: kind}, canvas, h("p", {class: "vae-caption"}, label));
  };
  const end = (t) => (values) => codes.onTheWay({...values, t});
  return [show("from, t = 0", "vae-end", end(0)), show("the decoder’s picture of z", "vae-here", (values) => codes.at(values)),
    show("to, t = 1", "vae-end", end(1))];
}

// One slider for each number of z. Moving one keeps what it was moved by; the way and the noise go on beneath it.
function latentSliders(state, codes, {nats: {values: nats}, activity: {values: activity}}) {
  const each = { // z as a state with the values 0, 1, …
    get: (j) => codes.at(state.all())[j],
    set: (values) => state.set({moved: withMoved(values)}),
    watch: (show) => state.watch(show),
  };
  const withMoved = (values) => {
    const way = codes.onTheWay(state.all());
    return state.get("moved").map((by, j) => (j in values ? values[j] - way[j] : by));
  };
  const most = Math.max(...nats);
  const name = (j) => h("span", {class: "vae-price", style: `--share: ${nats[j] / most}`}, `z${j + 1} `,
    h("small", {}, activity[j] > ACTIVE ? `${fixed(nats[j], 1)} nats` : "inactive"));
  const order = Array.from(nats.keys()).sort((i, j) => nats[j] - nats[i]);
  return h("div", {class: "vae-latents", role: "group", "aria-label": "The numbers of z"}, ...order.map((j) => {
    const row = slider(each, {name: j, label: name(j), min: -LIMIT, max: LIMIT, step: 0.05});
    state.watch(() => row.classList.toggle("vae-moved", state.get("moved")[j] !== 0));
    if (!(activity[j] > ACTIVE)) row.classList.add("vae-inactive");
    return row;
  }));
}

function inWords(values, codes, picture) {
  const [way, z] = [codes.onTheWay(values), codes.at(values)];
  const length = `z is ${fixed(lengthOf(z))} long; draws from the prior are ${SHELL}.`;
  const moved = way.map((_, j) => j).filter((j) => values.moved[j] !== 0);
  const name = (which) => WHICH.find(([value]) => value === which)[1];
  const where = `${fixed(100 * values.t, 0)} % of the way from ${name(values.start)} to ${name(values.end)}, ` +
    `with ${fixed(values.noise, 1)} times the noise. ${length}`;
  if (moved.length === 0) return `${where} No number was moved by hand.`;
  const by = fixed(change(picture(way).slice(), picture(z)), 3); // copied: the decoder writes into one array
  const what = moved.length > 1 ? `${moved.length} numbers moved by hand change` :
    `z${moved[0] + 1} moved from ${fixed(way[moved[0]])} to ${fixed(z[moved[0]])} changes`;
  return `${where} ${what} the pixels by ${by} (root mean square).`;
}

export default {render};
