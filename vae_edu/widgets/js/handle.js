// Handles on a plot: dragged with mouse, finger or pen, moved with the arrow keys, read out as sliders.

import {h} from "./dom.js";
import {clamp, fixed} from "./numbers.js";
import {steer} from "./steer.js";

const LARGE = 5; // steps at once, with Shift

// A handle for one value. `at()` says where in the plot it stands, `from([x, y])` which value a pointer there asks
// for (x itself, if left out). Its series gives it color and shape.
export function handle(state, plot, {name, label, min, max, step = 0.1, at, from = ([x]) => x, text = fixed, series = 0}) {
  const set = (value) => state.set({[name]: clamp(value, [min, max])});
  const move = (steps) => set(round(state.get(name) + steps * step, step));
  const element = grip(state, plot, {label, series, at, say: () => [state.get(name), text(state.get(name))]});
  element.setAttribute("aria-valuemin", min);
  element.setAttribute("aria-valuemax", max);
  follow(element, plot, {
    at,
    drag: (place) => set(from(place)),
    step: ([dx, dy], large) => move((dx + dy) * (large ? LARGE : 1)),
    keys: {Home: () => set(min), End: () => set(max), PageUp: () => move(LARGE), PageDown: () => move(-LARGE)},
  });
}

// A handle for a point [x, y] of the plot, kept inside its axes.
export function pointHandle(state, plot, {name, label, step = 0.1, text = pair, series = 0}) {
  const at = () => state.get(name);
  const set = ([x, y]) => state.set({[name]: [clamp(x, plot.x.range), clamp(y, plot.y.range)]});
  const element = grip(state, plot, {label, series, at, say: () => [at()[0], text(at())]});
  element.setAttribute("aria-valuemin", plot.x.range[0]);
  element.setAttribute("aria-valuemax", plot.x.range[1]);
  const move = (arrow, large) => set(at().map((value, i) => round(value + arrow[i] * step * (large ? LARGE : 1), step)));
  follow(element, plot, {at, drag: set, step: move});
}

const pair = ([x, y]) => `(${fixed(x)}, ${fixed(y)})`;
const round = (value, step) => Math.round(value / step) * step; // so that steps land on the same numbers again

// The element, which stays where `at` says.
function grip(state, plot, {label, series, at, say}) {
  const element = h("div", {class: "vae-handle", role: "slider", tabindex: "0", "aria-label": label,
    "data-series": series});
  plot.element.append(element);
  plot.grips.push(() => {
    const [x, y] = at();
    element.style.transform = `translate(${plot.toX(x)}px, ${plot.toY(y)}px)`;
  });
  state.watch(() => {
    const [now, text] = say();
    element.setAttribute("aria-valuenow", now);
    element.setAttribute("aria-valuetext", text);
  });
  return element;
}

// Dragging keeps the distance between pointer and handle, so that a press alone moves nothing.
function follow(element, plot, {at, drag, step, keys}) {
  let off = [0, 0];
  steer(element, {
    within: plot.element,
    press: (place) => {
      const [here, there] = [at(), plot.at(place)];
      off = [here[0] - there[0], here[1] - there[1]];
      element.focus();
    },
    drag: (place) => {
      const [x, y] = plot.at(place);
      drag([x + off[0], y + off[1]]);
    },
    step,
    keys,
  });
}
