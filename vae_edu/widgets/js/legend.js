// A legend whose entries highlight what they name: while the mouse is over one, or for as long as it is pressed.

import {h} from "./dom.js";

// {element, lit}: `lit(label)` says whether a label stands out; `redraw` is called when that changes.
export function legend(labels, redraw) {
  const pressed = new Set();
  let hovered = null;
  const entry = (label) => {
    const dot = h("span", {class: "vae-dot", style: `background: var(--vae-digit-${label % 10})`});
    const toggle = () => {
      if (!pressed.delete(label)) pressed.add(label);
      button.setAttribute("aria-pressed", pressed.has(label));
      redraw();
    };
    const hover = (value) => () => {
      hovered = value;
      redraw();
    };
    const button = h("button", {type: "button", "aria-pressed": "false", onclick: toggle,
      onmouseenter: hover(label), onmouseleave: hover(null)}, dot, String(label));
    return button;
  };
  const element = h("div", {class: "vae-legend", role: "group", "aria-label": "Highlight"}, ...labels.map(entry));
  const lit = (label) => (hovered === null && pressed.size === 0) || label === hovered || pressed.has(label);
  return {element, lit};
}
