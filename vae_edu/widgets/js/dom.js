// Making elements.

// Fill the place `el` that a widget was given with its parts, one below the other; returns what holds them.
export function fill(el, ...parts) {
  const column = h("div", {class: "vae-parts"}, ...parts);
  for (const part of column.querySelectorAll("button, input, select, [tabindex]")) {
    part.setAttribute("data-lm-suppress-shortcuts", "true"); // else Jupyter takes the arrow keys
  }
  el.classList.add("vae-widget");
  el.append(column);
  return column;
}

// h("button", {type: "button", onclick: f}, "Reset"): an element with its attributes, listeners and children.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
