// A pad one pixel wide: ink is drawn into a column or rubbed out of it, with mouse, finger or pen, or with the arrow keys
// while the space key holds the pen down. What is under the pen when it goes down says which of the two.

import {paintGray} from "./canvas.js";
import {painted, SIDE} from "./completion.js";
import {h} from "./dom.js";
import {clamp} from "./numbers.js";
import {spoken} from "./readout.js";
import {steer} from "./steer.js";

// The pad's element. `get()` gives the column, numbers in [0, 1] from above; `set(column)` takes a new one.
export function columnPad(state, {label, get, set}) {
  const canvas = h("canvas", {class: "vae-picture", width: 1, height: SIDE});
  const cursor = h("div", {class: "vae-cursor"});
  const element = h("div", {class: "vae-column", tabindex: "0", role: "application", "aria-label": label}, canvas, cursor);
  let [pen, down, ink] = [SIDE / 2, false, 1]; // the pen's height in rows from above
  const under = () => get()[Math.min(SIDE - 1, Math.floor(pen))] > 0.5;
  const words = () => `The pen is ${down ? "down" : "up"} at row ${Math.floor(pen) + 1}, which is ${under() ? "inked" : "empty"}.`;
  const {element: status, say} = spoken(words);
  const rowsDown = ([, up]) => clamp(SIDE * (1 - up), [0, SIDE]);
  const moveTo = (height, before = pen) => {
    pen = height;
    if (down) set(painted(get(), [before, pen], ink));
    show();
    say();
  };
  const begin = () => {
    [down, ink] = [true, under() ? 0 : 1];
    moveTo(pen);
  };
  steer(element, {
    press: (place) => {
      element.focus();
      pen = rowsDown(place);
      begin();
    },
    drag: (place) => moveTo(rowsDown(place)),
    step: ([, up]) => moveTo(clamp(Math.floor(pen) + 0.5 - up, [0.5, SIDE - 0.5])),
    keys: {" ": () => (down ? lift() : begin())},
  });
  const lift = () => {
    down = false;
    show();
    say();
  };
  element.addEventListener("lostpointercapture", lift);
  const show = () => {
    cursor.style.top = `${(100 * pen) / SIDE}%`;
    cursor.classList.toggle("vae-down", down);
  };
  state.watch(() => paintGray(canvas, get()));
  show();
  return h("div", {class: "vae-column-pad"}, element, status);
}
