// The gap: move a guess q over a posterior, and see the bound and the gap add up to the evidence.

import {resetButton, slider} from "./controls.js";
import {fill, h} from "./dom.js";
import {density, LinearGaussian} from "./gaussian.js";
import {handle} from "./handle.js";
import {key} from "./key.js";
import {fixed} from "./numbers.js";
import {Plot} from "./plot.js";
import {readout} from "./readout.js";
import {sample} from "./scale.js";
import {State} from "./state.js";

const MODEL = new LinearGaussian(); // z ~ N(0, 1), x | z ~ N(z, 1)
const Z = [-3, 5];
const NATS = [-12, 0]; // holds every bound that the controls can reach
const [Q, GAP, POSTERIOR] = [0, 1, 2]; // series
const HELP = "The upper handle moves q, the other stretches it: drag, or select one and use the arrow keys (Shift: more).";

function render({model, el}) {
  const state = new State(model, ["mean", "sd", "x"]);
  const densities = new Plot(state, {
    label: "Densities of z: the guess q and the posterior",
    x: {range: Z, title: "z"},
    y: {range: [0, 1.4], ticks: 4, title: "density"},
    aspect: 2.4,
    paint: (pen) => paintDensities(pen, state.all()),
  });
  const bars = new Plot(state, {
    label: "Bars: log p(x), the bound and the gap",
    x: {range: NATS, title: "nats"},
    y: {range: [0, 3], ticks: 0},
    aspect: 4,
    paint: (pen) => paintBars(pen, termsOf(state.all())),
  });
  addHandles(state, densities);
  fill(el,
    key([{text: "q, the guess", series: Q}, {text: "p(z | x), the posterior", series: POSTERIOR, kind: "area"}]),
    densities.element,
    bars.element,
    readout(state, () => inWords(state.all())),
    h("div", {class: "vae-controls"},
      slider(state, {name: "x", label: "observation x", min: 0, max: 3, step: 0.1, text: (x) => fixed(x, 1)}),
      resetButton(state)),
    h("p", {class: "vae-help"}, HELP));
  return state.cleanup();
}

// {evidence, bound, gap}, each by a formula of its own.
export function termsOf({mean, sd, x}) {
  const logVar = 2 * Math.log(sd);
  return {evidence: MODEL.logMarginal(x), bound: MODEL.elbo(x, mean, logVar), gap: MODEL.gap(x, mean, logVar)};
}

const q = (z, {mean, sd}) => density(z, mean, 2 * Math.log(sd));

function addHandles(state, plot) {
  const at = (z) => [z, q(z, state.all())];
  handle(state, plot, {
    name: "mean", label: "mean of q", min: -1, max: 3, series: Q, at: () => at(state.get("mean")),
  });
  handle(state, plot, {
    name: "sd", label: "standard deviation of q", min: 0.3, max: 1.6, step: 0.05, series: Q,
    at: () => at(state.get("mean") + state.get("sd")),
    from: ([z]) => z - state.get("mean"),
  });
}

function paintDensities(pen, values) {
  const posterior = MODEL.posterior(values.x);
  const truth = sample((z) => density(z, posterior.mean, posterior.logVar), Z);
  pen.area(truth, {series: POSTERIOR});
  pen.curve(truth, {series: POSTERIOR});
  pen.curve(sample((z) => q(z, values), Z), {series: Q});
}

// Each bar begins where the one before it ends: 0 → bound → log p(x), and below 0 → log p(x) at once.
function paintBars(pen, {evidence, bound, gap}) {
  pen.bar([bound, 0], [2.1, 2.9], {series: Q});
  pen.bar([bound, bound + gap], [1.1, 1.9], {series: GAP});
  pen.bar([evidence, 0], [0.1, 0.9], {series: POSTERIOR});
  pen.rule({x: evidence});
  const label = (text, x, y) => pen.text(text, [x, y], {by: [-8, 0], align: "right"});
  label(`bound ${fixed(bound)}`, bound, 2.5);
  label(`gap ${fixed(gap)}`, bound, 1.5);
  label(`log p(x) ${fixed(evidence)}`, evidence, 0.5);
}

function inWords(values) {
  const {evidence, bound, gap} = termsOf(values);
  const distance = gap < 0.005 ? "q is the posterior" : "q is not the posterior";
  return `q = N(${fixed(values.mean)}, ${fixed(values.sd)}²). Bound ${fixed(bound)} + gap ${fixed(gap)} = ` +
    `log p(x) ${fixed(evidence)} nats: ${distance}.`;
}

export default {render};
