// Prior sampling: averages of p(x | z) over draws of z settle, or don't, as the dimension and sigma change.

import {button, resetButton, slider} from "./controls.js";
import {fill, h} from "./dom.js";
import {key} from "./key.js";
import {latest} from "./latest.js";
import {clamp, fixed} from "./numbers.js";
import {Plot} from "./plot.js";
import {Random} from "./random.js";
import {readout} from "./readout.js";
import {sample} from "./scale.js";
import {State} from "./state.js";

const [RUNS, DRAWS, MOST] = [5, 10000, 12]; // MOST: dimensions
const MARKS = Array.from({length: 61}, (_, i) => Math.round(10 ** (1 + i / 20))); // numbers of draws at which to look
const DEPTHS = [0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 500, 1000]; // nats below the truth that the axis may show
const [RUN, PREDICTED] = [0, 1]; // series

function render({model, el}) {
  const state = new State(model, ["dimension", "sigma", "seed"]);
  const cloud = latest(() => state.get("seed"), squares);
  const seen = latest(() => JSON.stringify(state.all()), () => errors(cloud(), state.all()));
  const plot = new Plot(state, {
    label: "The error of five running estimates of log p(x) over the number of draws",
    x: {range: [1, 4], ticks: 3, title: "log₁₀ of the number of draws"},
    y: {
      get range() {
        const lowest = Math.min(...seen().map((run) => run[0]));
        const depth = DEPTHS.find((each) => each >= -lowest) ?? DEPTHS.at(-1);
        return [-depth, Math.max(0.35 * depth, Math.min(1, depth))];
      },
      ticks: 5,
      title: "error, nats",
    },
    paint: (pen) => paintRuns(pen, plot.y.range, seen(), relativeVariance(state.all())),
  });
  fill(el,
    key([{text: "a run", series: RUN}, {text: "± one standard error, derived, from n = ρ on", series: PREDICTED}]),
    plot.element,
    readout(state, () => inWords(seen(), state.all())),
    h("div", {class: "vae-controls"},
      slider(state, {name: "dimension", label: "dimensions of z", min: 1, max: MOST, step: 1, text: (d) => `${d}`}),
      slider(state, {name: "sigma", label: "noise σ", min: 0.1, max: 1, step: 0.05}),
      button("New draws", () => state.set({seed: state.get("seed") + 1})),
      resetButton(state)));
  return state.cleanup();
}

// For each dimension the ‖z‖² of all draws of all runs, of which the next dimension adds one square.
export function squares(seed) {
  const random = new Random(seed);
  let before = new Float64Array(RUNS * DRAWS);
  return Array.from({length: MOST}, () => {
    before = before.map((sum) => sum + random.normal() ** 2);
    return before;
  });
}

// For each run log p̂ − log p at the marks, where x | z ~ N(z, sigma² I) and x = 0: the mean over the draws of
// p(x | z)/p(x), which is (1 + 1/sigma²)^(dimension/2) exp(−‖z‖²/(2 sigma²)).
export function errors(cloud, {dimension, sigma}) {
  const highest = (dimension / 2) * Math.log1p(sigma ** -2);
  const squares = cloud[dimension - 1];
  return Array.from({length: RUNS}, (_, run) =>
    runningLogMeans((draw) => highest - squares[run * DRAWS + draw] / (2 * sigma ** 2)));
}

// For each mark the log of the mean of exp(logs(draw)) over so many draws, in one pass: `sum` is in units of exp(largest).
function runningLogMeans(logs) {
  let [largest, sum, draw] = [-Infinity, 0, 0];
  return MARKS.map((mark) => {
    for (; draw < mark; draw++) {
      const log = logs(draw);
      if (log > largest) [largest, sum] = [log, sum * Math.exp(largest - log) + 1];
      else sum += Math.exp(log - largest);
    }
    return largest + Math.log(sum / mark);
  });
}

// Var[w]/E[w]² of one draw.
export const relativeVariance = ({dimension, sigma}) => (1 - (1 + sigma ** 2) ** -2) ** (-dimension / 2) - 1;

function paintRuns(pen, range, runs, variance) {
  const settled = [Math.max(1, Math.log10(variance)), 4];
  pen.rule({y: 0}, {dash: []});
  if (settled[0] < 4) {
    pen.rule({x: settled[0]});
    for (const side of [-1, 1]) {
      const edge = (place) => clamp(Math.log(1 + side * Math.sqrt(variance / 10 ** place)), range);
      pen.curve(sample(edge, settled), {series: PREDICTED, width: 1.75});
    }
  }
  for (const run of runs) {
    pen.curve(run.map((error, i) => [Math.log10(MARKS[i]), clamp(error, range)]), {series: RUN, width: 1.25});
  }
  pen.headline(settled[0] < 4 ? `ρ = ${short(variance)}` : `ρ = ${short(variance)}, beyond the right edge`);
}

// With three digits that count, or as a power of ten.
function short(number) {
  if (number < 1e5) return number < 10 ? fixed(number, 2) : fixed(number, 0);
  const power = Math.floor(Math.log10(number));
  const raised = [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");
  return `${fixed(number / 10 ** power, 1)} · 10${raised}`;
}

function inWords(runs, {dimension, sigma}) {
  const variance = relativeVariance({dimension, sigma});
  const ends = runs.map((run) => fixed(run.at(-1)));
  return `${dimension} ${dimension === 1 ? "dimension" : "dimensions"}, σ = ${fixed(sigma)}: one draw has the relative ` +
    `variance ρ = ${short(variance)}, so an error of 10 % needs ${short(100 * variance)} draws. After 10000 draws the ` +
    `five runs are off by ${ends.join(", ")} nats.`;
}

export default {render};
