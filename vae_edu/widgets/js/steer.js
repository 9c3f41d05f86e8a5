// Steering with a mouse, a finger, a pen or the keyboard.

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1]};

// Calls press([x, y]) and drag([x, y]) with the place in the box `within`, from (0, 0) at its bottom left to (1, 1);
// step([dx, dy], large) for arrow keys (large: with Shift); `keys` holds a function for each other key, by its name.
export function steer(element, {press, drag, step, keys = {}, within = element}) {
  element.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    press(place(within, event));
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) drag(place(within, event));
  });
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) step(ARROWS[event.key], event.shiftKey);
    else if (event.key in keys) keys[event.key]();
    else return;
    event.preventDefault(); // the page must not scroll
  });
}

function place(element, {clientX, clientY}) {
  const {left, bottom, width, height} = element.getBoundingClientRect();
  return [(clientX - left) / width, (bottom - clientY) / height];
}
