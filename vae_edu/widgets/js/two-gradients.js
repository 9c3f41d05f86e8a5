// Two gradients: histograms of the score-function and the pathwise estimates of one derivative, from the same noise.

import {Clock} from "./clock.js";
import {button, playButton, resetButton, slider} from "./controls.js";
import {fill, h} from "./dom.js";
import {fixed} from "./numbers.js";
import {Plot} from "./plot.js";
import {Random} from "./random.js";
import {readout} from "./readout.js";
import {State} from "./state.js";

const [FIRST, STEP, MOST, RATE] = [200, 100, 5000, 250]; // estimates: at once, a button's, at most, and per second
const BINS = 60;
const WIDTHS = [2, 5, 10, 20, 50, 100, 200, 500]; // half the axis: few, so that it seldom jumps
const HEIGHTS = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1];
const [SCORE, PATHWISE] = [1, 0]; // series
const roomFor = (most, sizes) => sizes.find((size) => size >= most) ?? sizes.at(-1);

function render({model, el}) {
  const state = new State(model, ["dimension", "samples", "count"]);
  const drawn = follow(state);
  const plots = ["score", "pathwise"].map((name) => histogramPlot(state, drawn, name));
  const clock = new Clock(state, plots[0].element, (seconds) => {
    more(state, Math.max(1, Math.round(RATE * seconds)));
    if (state.get("count") >= MOST) clock.stop();
  });
  fill(el,
    ...plots.map((plot) => plot.element),
    readout(state, () => inWords(drawn(), state.all())),
    h("div", {class: "vae-controls"},
      slider(state, {name: "dimension", label: "dimension N", min: 1, max: 50, step: 1, text: (n) => `${n}`}),
      slider(state, {name: "samples", label: "draws per estimate L", min: 1, max: 16, step: 1, text: (n) => `${n}`}),
      playButton(clock, ["Keep drawing", "Pause"]),
      button(`${STEP} more`, () => more(state, STEP)),
      resetButton(state)));
  return state.cleanup();
}

const more = (state, count) => state.set({count: Math.min(MOST, state.get("count") + count)});

// Estimates of the derivative by the first coordinate of the mean, at 0, of E‖z‖² under N(0, I): it is 0.
export class Estimates {
  constructor({dimension, samples}) {
    Object.assign(this, {dimension, samples, random: new Random(1), score: [], pathwise: []});
  }

  // {score, pathwise}: the first `count` estimates by each method, drawn if they have not been yet.
  first(count) {
    while (this.score.length < count) this.draw();
    return {score: this.score.slice(0, count), pathwise: this.pathwise.slice(0, count)};
  }

  draw() {
    let [score, pathwise] = [0, 0];
    for (let sample = 0; sample < this.samples; sample++) {
      const first = this.random.normal();
      let square = first ** 2;
      for (let j = 1; j < this.dimension; j++) square += this.random.normal() ** 2;
      score += square * first; // f(z) times the score
      pathwise += 2 * first; // the slope of f under z
    }
    this.score.push(score / this.samples);
    this.pathwise.push(pathwise / this.samples);
  }
}

// What one estimate's variance is, derived.
export function derived({dimension, samples}) {
  return {score: ((dimension + 2) * (dimension + 4)) / samples, pathwise: 4 / samples};
}

export function variance(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

// The estimates of the state now; another dimension or number of draws begins anew.
function follow(state) {
  let estimates = new Estimates(state.all());
  state.onChange(() => {
    const {dimension, samples} = state.all();
    if (dimension === estimates.dimension && samples === estimates.samples) return;
    estimates = new Estimates({dimension, samples});
    state.set({count: FIRST});
  });
  return () => estimates.first(state.get("count"));
}

// The share of the values in each of the bins between −half and half.
export function shares(values, half) {
  const heights = new Float64Array(BINS);
  for (const value of values) {
    const bin = Math.floor(((value / half + 1) / 2) * BINS);
    if (bin >= 0 && bin < BINS) heights[bin] += 1 / values.length;
  }
  return heights;
}

// Both plots have one axis across, wide enough for the score function: widths can be compared.
function histogramPlot(state, drawn, name) {
  const half = () => roomFor(4 * Math.sqrt(derived(state.all()).score), WIDTHS);
  return new Plot(state, {
    label: `Histogram of the ${TITLES[name]} estimates`,
    x: {
      get range() {
        return [-half(), half()];
      },
      title: `${TITLES[name]} estimate`,
    },
    y: {
      get range() {
        return [0, roomFor(Math.max(...shares(drawn()[name], half())), HEIGHTS)];
      },
      ticks: 3,
      title: "share",
    },
    aspect: 3.5,
    paint: (pen) => {
      const values = drawn()[name];
      const edges = Array.from({length: BINS + 1}, (_, i) => half() * ((2 * i) / BINS - 1));
      pen.histogram(edges, shares(values, half()), {series: name === "score" ? SCORE : PATHWISE, hatched: true});
      pen.rule({x: 0});
      pen.headline(`variance ${digits(variance(values))}, derived ${digits(derived(state.all())[name])}`);
    },
  });
}

const TITLES = {score: "score-function", pathwise: "pathwise"};
const digits = (number) => fixed(number, number < 10 ? 2 : number < 100 ? 1 : 0);

function inWords({score, pathwise}, {dimension, samples, count}) {
  const exact = derived({dimension, samples});
  return `N = ${dimension}, L = ${samples}, ${count} estimates of 0 each. Score function: variance ` +
    `${digits(variance(score))}, derived (N + 2)(N + 4)/L = ${digits(exact.score)}. Pathwise: ` +
    `${digits(variance(pathwise))}, derived 4/L = ${digits(exact.pathwise)}. To be as sure, the score function needs ` +
    `${digits(exact.score / exact.pathwise)} times as many draws.`;
}

export default {render};
