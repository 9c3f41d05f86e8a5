// Native controls tied to a widget's state: sliders, choices, buttons. The browser brings keys, touch and focus.

import {h} from "./dom.js";
import {fixed} from "./numbers.js";

// A slider for the value `name`; `text(value)` is what stands beside it and what a screen reader says.
export function slider(state, {name, label, min, max, step = 0.01, text = fixed}) {
  const input = h("input", {type: "range", min, max, step, oninput: () => state.set({[name]: input.valueAsNumber})});
  const output = h("output", {"aria-hidden": "true"}); // the slider itself says it
  state.watch(() => {
    const value = state.get(name);
    input.value = value;
    output.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
  });
  return h("div", {class: "vae-slider"}, h("label", {}, h("span", {}, label), input), output);
}

// One of several: `options` is [[value, text], …].
export function choice(state, {name, label, options}) {
  const entries = options.map(([value, text]) => h("option", {value}, text));
  const select = h("select", {onchange: () => state.set({[name]: options[select.selectedIndex][0]})}, ...entries);
  state.watch(() => {
    select.selectedIndex = options.findIndex(([value]) => value === state.get(name));
  });
  return h("label", {class: "vae-choice"}, h("span", {}, label), select);
}

export function button(text, onclick) {
  return h("button", {type: "button", class: "vae-button", onclick}, text);
}

export const resetButton = (state, text = "Reset") => button(text, () => state.reset());

// Starts and stops a clock.
export function playButton(clock, [start, stop] = ["Play", "Pause"]) {
  const element = button(start, () => (clock.running ? clock.stop() : clock.start()));
  clock.onChange = () => {
    element.textContent = clock.running ? stop : start;
  };
  return element;
}
