// What is shown, in words: on the page at once, and spoken when it rests.

import {h} from "./dom.js";
import {onceAtRest} from "./motion.js";

// {element, say}: a status that screen readers speak, politely, and that nobody sees.
// `say()` has `words()` spoken once calls have ceased.
export function spoken(words) {
  const element = h("p", {class: "vae-spoken", role: "status"});
  const say = onceAtRest(() => {
    element.textContent = words();
  });
  return {element, say};
}

// A visible line of `words()` that follows the state, and is spoken too.
export function readout(state, words) {
  const visible = h("p", {class: "vae-readout"});
  const {element, say} = spoken(words);
  state.watch(() => {
    visible.textContent = words();
  });
  state.onChange(say); // not at the start: what stands there then is read like any text
  return h("div", {}, visible, element);
}
