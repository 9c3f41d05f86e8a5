// A pad to draw on: with mouse, finger or pen, or with the arrow keys while the space key holds the pen down.

import {cssColors, onAppearance} from "./canvas.js";
import {h} from "./dom.js";
import {clamp} from "./numbers.js";
import {steer} from "./steer.js";

const SIZE = 140; // pixels of the pad, whatever its size on the screen
const WIDTH = 12; // of a line: 2.4 of 28 where the drawing fills 20
const STEP = 0.05; // with an arrow key, of the pad's width

// The pad's element, for the value `name` of the state: [[[x, y], …], …], strokes of points from (0, 0), the lower left.
export function pad(state, {name, label}) {
  const canvas = h("canvas", {width: SIZE, height: SIZE});
  const cursor = h("div", {class: "vae-cursor"});
  const element = h("div", {class: "vae-pad", tabindex: "0", role: "application", "aria-label": label}, canvas, cursor);
  let [pen, down, colors] = [[0.5, 0.8], false, undefined];
  const strokes = () => state.get(name);
  const begin = (place) => move(place, [...strokes(), [place]]);
  const extend = (place) => move(place, [...strokes().slice(0, -1), [...strokes().at(-1), place]]);
  const move = (place, drawing) => {
    pen = place;
    state.set({[name]: drawing});
  };
  const inside = (place) => place.map((value) => clamp(value, [0, 1]));
  steer(element, {
    press: (place) => {
      down = false;
      element.focus();
      begin(inside(place));
    },
    drag: (place) => extend(inside(place)),
    step: (arrow) => {
      pen = inside(pen.map((value, i) => value + STEP * arrow[i]));
      if (down && strokes().length) extend(pen);
      else show();
    },
    keys: {" ": () => {
      down = !down;
      if (down) begin(pen);
      else show();
    }},
  });
  const show = () => {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, SIZE, SIZE);
    draw(context, strokes(), colors?.ink ?? "#888");
    cursor.style.left = `${100 * pen[0]}%`;
    cursor.style.top = `${100 * (1 - pen[1])}%`;
    cursor.classList.toggle("vae-down", down);
  };
  state.watch(show);
  state.onEnd(onAppearance(element, () => {
    colors = cssColors(element);
    show();
  }));
  return element;
}

// How much ink there is in each pixel of a pad with these strokes, from 0 to 1.
export function inkOf(strokes) {
  const context = new OffscreenCanvas(SIZE, SIZE).getContext("2d", {willReadFrequently: true});
  draw(context, strokes, "#000");
  const {data} = context.getImageData(0, 0, SIZE, SIZE);
  return Float32Array.from({length: SIZE * SIZE}, (_, i) => data[4 * i + 3] / 255); // alpha
}

function draw(context, strokes, color) {
  Object.assign(context, {strokeStyle: color, lineWidth: WIDTH, lineCap: "round", lineJoin: "round"});
  for (const stroke of strokes) {
    context.beginPath();
    for (const [x, y] of [stroke[0], ...stroke]) context.lineTo(x * SIZE, (1 - y) * SIZE); // a press alone is a dot
    context.stroke();
  }
}
