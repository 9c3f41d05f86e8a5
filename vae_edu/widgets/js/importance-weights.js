// Importance weights: more draws of the same q tighten the bound; how much depends on how even their weights are.

import {button, resetButton, slider} from "./controls.js";
import {fill, h} from "./dom.js";
import {density} from "./gaussian.js";
import {handle} from "./handle.js";
import {bounds, effective, effectiveShare, evidence, logWeight, posterior, running, shares} from "./importance.js";
import {key} from "./key.js";
import {latest} from "./latest.js";
import {fixed} from "./numbers.js";
import {Plot} from "./plot.js";
import {Random} from "./random.js";
import {readout} from "./readout.js";
import {sample} from "./scale.js";
import {State} from "./state.js";

const X = 2; // observed
const Z = [-3, 5];
const MOST = 7; // doublings: up to 128 draws
const [Q, ONE_RUN, POSTERIOR] = [0, 1, 2]; // series
const DEPTHS = [0.25, 0.5, 1, 2, 5, 10]; // nats below log p(x) that the axis may show: few, so that it seldom jumps
const HEIGHTS = [0.02, 0.05, 0.1, 0.2, 0.5, 1]; // and the weights'
const roomFor = (most, sizes) => sizes.find((size) => size >= most) ?? sizes.at(-1);
const HELP = "The upper handle moves q, the other stretches it: drag, or select one and use the arrow keys (Shift: more).";

function render({model, el}) {
  const state = new State(model, ["mean", "sd", "doublings", "seed"]);
  const seen = latest(() => JSON.stringify(state.all()), () => scene(state.all()));
  const densities = new Plot(state, {
    label: "Densities of z: q, from which the draws come, and the posterior",
    x: {range: Z, title: "z"},
    y: {range: [0, 1.4], ticks: 4, title: "density"},
    aspect: 2.8,
    paint: (pen) => paintDensities(pen, state.all(), seen()),
  });
  addHandles(state, densities);
  fill(el,
    key([{text: "q, its draws, L_k", series: Q}, {text: "the posterior", series: POSTERIOR, kind: "area"},
      {text: "one run, its weights", series: ONE_RUN}]),
    densities.element,
    h("div", {class: "vae-pair"}, weightPlot(state, seen).element, boundPlot(state, seen).element),
    readout(state, () => inWords(seen())),
    h("div", {class: "vae-controls"},
      slider(state, {name: "doublings", label: "draws k", min: 0, max: MOST, step: 1, text: (j) => `${2 ** j}`}),
      button("New draws", () => state.set({seed: state.get("seed") + 1})),
      resetButton(state)),
    h("p", {class: "vae-help"}, HELP));
  return state.cleanup();
}

// All that is shown, from the state: `k` of the draws are used, `run` holds the estimates that 1, 2, … of them give.
export function scene({mean, sd, doublings, seed}) {
  const values = {mean, sd, x: X};
  const noise = [...new Random(seed).normals(2 ** MOST)];
  const logWeights = noise.map((each) => logWeight(each, values));
  const k = 2 ** doublings;
  const used = logWeights.slice(0, k);
  return {
    k, doublings, z: noise.slice(0, k).map((each) => mean + sd * each), shares: shares(used), effective: effective(used),
    run: running(logWeights), bounds: bounds(values, MOST), evidence: evidence(X), share: effectiveShare(values),
  };
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

function paintDensities(pen, values, {z: draws}) {
  const {mean, logVar} = posterior(X);
  const truth = sample((z) => density(z, mean, logVar), Z);
  pen.area(truth, {series: POSTERIOR});
  pen.curve(truth, {series: POSTERIOR});
  pen.rug(draws, 0.09, {series: Q});
  pen.curve(sample((z) => q(z, values), Z), {series: Q});
}

function weightPlot(state, seen) {
  return new Plot(state, {
    label: "Each draw's share of all the weight, in the order drawn",
    x: {
      get range() {
        return [0, seen().k];
      },
      get ticks() {
        return Math.min(4, seen().k);
      },
      title: "draws, in order",
    },
    y: {
      get range() {
        return [0, roomFor(Math.max(...seen().shares), HEIGHTS)];
      },
      ticks: 4,
      title: "share of weight",
    },
    aspect: 1.6,
    paint: (pen) => {
      const {k, shares: heights, effective: count} = seen();
      if (k <= 32) heights.forEach((height, i) => pen.bar([i + 0.1, i + 0.9], [0, height], {series: ONE_RUN}));
      else pen.histogram(Array.from({length: k + 1}, (_, i) => i), heights, {series: ONE_RUN});
      pen.rule({y: 1 / k});
      pen.headline(`worth ${fixed(count, 1)} of ${k}`);
    },
  });
}

function boundPlot(state, seen) {
  const plot = new Plot(state, {
    label: "The bound over the number of draws",
    x: {range: [0, MOST], ticks: MOST, title: "log₂ k"},
    y: {
      get range() {
        const depth = roomFor(1.05 * (seen().evidence - seen().bounds[0]), DEPTHS);
        return [seen().evidence - depth, seen().evidence + depth / 4];
      },
      ticks: 4,
      title: "nats",
    },
    aspect: 1.6,
    paint: (pen) => {
      const {k, doublings, bounds: exact, run, evidence: logP} = seen();
      pen.rule({y: logP}, {dash: []});
      const [, highest] = plot.y.range;
      const points = run.map((estimate, i) => [Math.log2(i + 1), Math.min(highest, estimate)]);
      pen.curve(points, {series: ONE_RUN, width: 1.5});
      pen.curve(exact.map((bound, j) => [j, bound]), {series: Q});
      pen.dots([[doublings, exact[doublings]]], {series: Q, radius: 5});
      pen.headline(`L_${k} = ${fixed(exact[doublings])}, log p(x) = ${fixed(logP)}`);
    },
  });
  return plot;
}

function inWords({k, doublings, bounds: exact, run, effective: count, evidence: logP, share}) {
  const nats = (number) => fixed(number, 3);
  const draws = k === 1 ? "This draw gives" : `These ${k} draws give`;
  const rest = share > 0 ? `of very many, ${fixed(100 * share, 1)} % would count` : "q is so narrow that of very many none would count";
  return `L_${k} = ${nats(exact[doublings])}, between L_1 = ${nats(exact[0])} and log p(x) = ${nats(logP)} nats. ` +
    `${draws} ${nats(run[k - 1])}, worth ${fixed(count, 1)} of the posterior; ${rest}.`;
}

export default {render};
