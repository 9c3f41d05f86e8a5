// Two Gaussians: drag and stretch both, and see which places make each of the two divergences large.

import {button, resetButton} from "./controls.js";
import {fill, h} from "./dom.js";
import {density, kl, logNormal} from "./gaussian.js";
import {handle} from "./handle.js";
import {key} from "./key.js";
import {fixed} from "./numbers.js";
import {Plot} from "./plot.js";
import {readout} from "./readout.js";
import {sample} from "./scale.js";
import {State} from "./state.js";

const Z = [-8, 8];
const MEANS = {min: -3, max: 3};
const SDS = {min: 0.4, max: 2.5, step: 0.05};
const [Q, P, CHARGED, REFUNDED] = [0, 1, 2, 3]; // series
const PEAKS = [0.45, 0.7, 1.05]; // heights that the densities' axis may have: few, so that it seldom jumps
const HEIGHTS = [0.5, 1, 2, 5, 10, 20, 50, 100]; // and the integrands'
const HELP = "Circles move and stretch q, squares p: drag, or select one and use the arrow keys (Shift: more).";

function render({model, el}) {
  const state = new State(model, ["q_mean", "q_sd", "p_mean", "p_sd"]);
  const pair = () => pairOf(state.all());
  const densities = new Plot(state, {
    label: "The densities of q and p",
    x: {range: Z, title: "z"},
    y: {
      get range() {
        const {q, p} = pair();
        return [0, roomFor(Math.max(peak(q), peak(p)), PEAKS)];
      },
      ticks: 4,
      title: "density",
    },
    aspect: 2.6,
    paint: (pen) => paintDensities(pen, pair()),
  });
  addHandles(state, densities);
  fill(el,
    key([{text: "q", series: Q}, {text: "p", series: P}, {text: "charged", series: CHARGED, kind: "area"},
      {text: "refunded", series: REFUNDED, kind: "area"}]),
    densities.element,
    h("div", {class: "vae-pair"},
      integrandPlot(state, "q", "p", pair).element,
      integrandPlot(state, "p", "q", pair).element),
    readout(state, () => inWords(pair())),
    h("div", {class: "vae-controls"}, button("Swap q and p", () => swap(state)), resetButton(state)),
    h("p", {class: "vae-help"}, HELP));
  return state.cleanup();
}

// {q: {mean, logVar}, p: {mean, logVar}}
function pairOf({q_mean: qMean, q_sd: qSd, p_mean: pMean, p_sd: pSd}) {
  return {q: {mean: qMean, logVar: 2 * Math.log(qSd)}, p: {mean: pMean, logVar: 2 * Math.log(pSd)}};
}

const peak = ({mean, logVar}) => density(mean, mean, logVar);
const roomFor = (most, heights) => heights.find((height) => height >= most) ?? heights.at(-1);

// KL(a ‖ b), and at z what it is the integral of: a(z) log a(z)/b(z).
export const divergence = (a, b) => kl(a.mean, a.logVar, b.mean, b.logVar);

export function integrand(z, a, b) {
  const logA = logNormal(z, a.mean, a.logVar);
  return Math.exp(logA) * (logA - logNormal(z, b.mean, b.logVar));
}

function addHandles(state, plot) {
  // Half way up for p, and its standard deviation on the left: apart from q's handles even where q is p.
  for (const {name, series, side, up} of [{name: "q", series: Q, side: 1, up: 1}, {name: "p", series: P, side: -1, up: 0.5}]) {
    const [mean, sd] = [() => state.get(`${name}_mean`), () => state.get(`${name}_sd`)];
    const height = (z) => density(z, mean(), 2 * Math.log(sd()));
    handle(state, plot, {
      name: `${name}_mean`, label: `mean of ${name}`, ...MEANS, series, at: () => [mean(), up * height(mean())],
    });
    handle(state, plot, {
      name: `${name}_sd`, label: `standard deviation of ${name}`, ...SDS, series,
      at: () => [mean() + side * sd(), height(mean() + sd())],
      from: ([z]) => side * (z - mean()),
    });
  }
}

function paintDensities(pen, {q, p}) {
  const curve = ({mean, logVar}) => sample((z) => density(z, mean, logVar), Z);
  pen.curve([[p.mean, 0], [p.mean, peak(p)]], {series: P, width: 1});
  pen.curve(curve(p), {series: P});
  pen.curve(curve(q), {series: Q});
}

// Both plots have one axis, high enough for either integrand: areas can be compared.
function integrandPlot(state, first, second, pair) {
  const points = (a, b) => sample((z) => integrand(z, a, b), Z);
  const name = `KL(${first} ‖ ${second})`;
  return new Plot(state, {
    label: `The integrand of ${name}`,
    x: {range: Z, ticks: 4, title: "z"},
    y: {
      get range() {
        const {q, p} = pair();
        const most = Math.max(...points(q, p).concat(points(p, q)).map(([, value]) => value));
        const top = roomFor(most, HEIGHTS);
        return [-top / 2, top];
      },
      ticks: 4,
      title: `${first} log(${first}/${second})`,
    },
    aspect: 1.6,
    paint: (pen) => {
      const [a, b] = [pair()[first], pair()[second]];
      const curve = points(a, b);
      pen.area(curve.map(([z, value]) => [z, Math.max(0, value)]), {series: CHARGED});
      pen.area(curve.map(([z, value]) => [z, Math.min(0, value)]), {series: REFUNDED});
      pen.rule({y: 0});
      pen.curve(curve, {series: first === "q" ? Q : P});
      pen.headline(`${name} = ${fixed(divergence(a, b))} nats`);
    },
  });
}

function swap(state) {
  const {q_mean: qMean, q_sd: qSd, p_mean: pMean, p_sd: pSd} = state.all();
  state.set({q_mean: pMean, q_sd: pSd, p_mean: qMean, p_sd: qSd});
}

function inWords({q, p}) {
  const normal = ({mean, logVar}) => `N(${fixed(mean)}, ${fixed(Math.exp(logVar / 2))}²)`;
  return `q = ${normal(q)}, p = ${normal(p)}: KL(q\u00a0‖\u00a0p) = ${fixed(divergence(q, p))} nats, ` +
    `KL(p\u00a0‖\u00a0q) = ${fixed(divergence(p, q))} nats.`;
}

export default {render};
