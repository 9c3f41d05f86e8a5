// Fill in the digit: one column is given, and a CVAE's draws of the rest stand beside a regressor's one answer.

import {paintGray} from "./canvas.js";
import {columnPad} from "./column-pad.js";
import {columnOf, complete, Draws, moments, squaredError, targetOf} from "./completion.js";
import {button, choice, resetButton, slider} from "./controls.js";
import {fill, h} from "./dom.js";
import {latest} from "./latest.js";
import {oncePerFrame} from "./motion.js";
import {fixed} from "./numbers.js";
import {readout} from "./readout.js";
import {State} from "./state.js";
import {file, network} from "./weights.js";

const [SHOWN, MOST] = [8, 64]; // draws: those that are seen, and of which the mean can be taken
const OWN = -1; // where else a digit stands
const WHICH = [...Array.from({length: 10}, (_, digit) => [digit, `a test image of ${digit}`]), [OWN, "your own drawing"]];
const HELP = "Draw up and down with mouse or finger; a stroke that begins on ink rubs it out. With keys: up and down move the " +
  "pen, the space key puts it down and lifts it.";

function render({model, el}) {
  const state = new State(model, ["digit", "column", "count", "seed"]);
  const seen = growing(state, sceneOf(state, model));
  const column = fill(el,
    columnPad(state, {
      label: `A pad for the center column. ${HELP}`,
      get: () => seen.scene().column,
      set: (drawn) => state.set({digit: OWN, column: drawn}),
    }),
    h("div", {class: "vae-completions"}, answers(seen), draws(seen)),
    h("div", {class: "vae-controls"},
      choice(state, {name: "digit", label: "center column of", options: WHICH}),
      button("New draws", () => state.set({seed: state.get("seed") + 1})),
      button("Clear", () => state.set({digit: OWN, column: state.get("column").map(() => 0)})),
      resetButton(state),
      slider(state, {name: "count", label: "draws in the mean", min: 1, max: MOST, step: 1, text: (n) => `${n}`})),
    readout(seen, () => inWords(seen.scene(), seen.mean())),
    h("p", {class: "vae-help"}, HELP));
  column.classList.add("vae-fill-in");
  return state.cleanup();
}

// A function that gives what is shown for the column, anew when it or the draws of z change. `truth` is undefined for a
// column that was drawn; `nats` are what the models pay for it.
function sceneOf(state, model) {
  const parts = {condition: network(model, ".condition"), decoder: network(model, ".decoder")};
  const regressor = network(model, ".network");
  const {tensors: {images: {values}}, about: {bound, exact}} = file(model, ".examples");
  const image = (digit) => Float32Array.from(values.subarray(784 * digit, 784 * (digit + 1)), (gray) => gray / 255);
  return latest(() => JSON.stringify(["digit", "column", "seed"].map((name) => state.get(name))), () => {
    const digit = state.get("digit");
    const truth = digit === OWN ? undefined : image(digit);
    const column = truth ? columnOf(truth) : state.get("column");
    const nats = {bound: bound[digit], exact: exact[digit]};
    const draws = new Draws(parts, column, state.get("seed"));
    draws.add(SHOWN, SHOWN);
    return {digit, truth, nats, column, draws, answer: regressor.forward(column)[0].slice()};
  });
}

// What is shown as a state to watch: it changes when `state` does, and then with every frame in which draws came, a few in
// each so that none is late. `mean()` gives {count, mean, variance} of those there are.
function growing(state, scene) {
  const watchers = [];
  const grow = oncePerFrame(() => {
    const more = scene().draws.add(state.get("count"), SHOWN);
    for (const show of watchers) show();
    if (more) grow();
  });
  state.onChange(grow);
  grow();
  const made = () => Math.min(state.get("count"), scene().draws.pictures.length);
  const mean = latest(() => JSON.stringify([state.all(), made()]),
    () => ({count: made(), ...moments(scene().draws.pictures.slice(0, made()))}));
  return {
    scene, mean,
    watch(show) {
      watchers.push(show);
      show();
    },
    onChange: (tell) => state.onChange(tell),
  };
}

// The regressor's answer, the mean of the draws and the truth.
function answers(seen) {
  const truth = picture(seen, () => "the test image", ({truth: image, column}) => image ?? complete(column, new Float32Array(756)));
  seen.watch(() => truth.toggleAttribute("hidden", !seen.scene().truth));
  return h("div", {class: "vae-answers"},
    picture(seen, () => "the regressor’s answer", ({column, answer}) => complete(column, answer)),
    picture(seen, ({count}) => `the mean of ${inDraws(count)}`, ({column}, {mean}) => complete(column, mean)),
    truth);
}

function draws(seen) {
  return h("div", {class: "vae-draws"}, ...Array.from({length: SHOWN}, (_, i) =>
    picture(seen, () => `draw ${i + 1}`, ({column, draws: {pictures}}) => complete(column, pictures[i]))));
}

// A picture with the given column marked; its caption and pixels are functions of the scene and the mean.
function picture(seen, caption, pixels) {
  const canvas = h("canvas", {class: "vae-picture", width: 28, height: 28, role: "img"});
  const words = h("p", {class: "vae-caption"});
  seen.watch(() => {
    const mean = seen.mean();
    paintGray(canvas, pixels(seen.scene(), mean));
    words.textContent = caption(mean);
    canvas.setAttribute("aria-label", words.textContent);
  });
  return h("div", {}, h("div", {class: "vae-completed"}, canvas), words);
}

const inDraws = (count) => (count === 1 ? "1 draw" : `${count} draws`);

function inWords({digit, truth, nats, column, draws: {pictures}, answer}, {count, mean, variance}) {
  const what = digit === OWN ? "your own column" : `the center column of ${WHICH[digit][1]}`;
  const perPixel = (squares) => fixed(Math.sqrt(squares / mean.length));
  const spread = `Given is ${what}, ${inRows(column)}. ${count === 1 ? "One draw differs" : `${count} draws differ`} by ` +
    `${perPixel(variance)} a pixel (standard deviation; variance summed over 756 pixels: ${fixed(variance, 1)}), the ` +
    `regressor’s one answer by 0. The mean of ${inDraws(count)} is ${perPixel(squaredError(mean, answer))} a pixel off that answer.`;
  if (!truth) return spread;
  const error = (target) => squaredError(target, targetOf(truth));
  const ofDraws = pictures.slice(0, count).reduce((sum, each) => sum + error(each), 0) / count;
  return `${spread} Squared error to the test image: a draw ${fixed(ofDraws, 1)} on average = their mean ${fixed(error(mean), 1)} + ` +
    `variance ${fixed(variance, 1)}; the regressor ${fixed(error(answer), 1)}. In nats, log p(y|c) is at least ` +
    `${fixed(nats.bound, 0)} for the CVAE and ${fixed(nats.exact, 0)} for the regressor.`;
}

// Which rows are inked, counted from 1 at the top.
function inRows(column) {
  const rows = column.map((value, row) => (value > 0.5 ? row : undefined)).filter((row) => row !== undefined);
  const starts = rows.filter((row) => !rows.includes(row - 1));
  const ends = rows.filter((row) => !rows.includes(row + 1));
  const spans = starts.map((start, i) => (start === ends[i] ? `${start + 1}` : `${start + 1}–${ends[i] + 1}`));
  if (spans.length === 0) return "with no ink";
  return `inked in ${rows.length === 1 ? "row" : "rows"} ${[spans.slice(0, -1).join(", "), spans.at(-1)].filter(Boolean).join(" and ")}`;
}

export default {render};
