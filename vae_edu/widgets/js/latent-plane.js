// The latent plane: move z with a drag or the arrow keys, and see what the decoder makes of it.

import {cssColors, onAppearance, paintGray, sharpContext} from "./canvas.js";
import {button} from "./controls.js";
import {fill, h} from "./dom.js";
import {legend} from "./legend.js";
import {Glider, oncePerFrame} from "./motion.js";
import {neighbors} from "./neighbors.js";
import {clamp, fixed} from "./numbers.js";
import {spoken} from "./readout.js";
import {drawPlane, halfWidth, labelPlaces} from "./scatter.js";
import {State} from "./state.js";
import {steer} from "./steer.js";
import {file, network} from "./weights.js";

const ORIGIN = [0, 0];
const STEP = 0.1;
const LARGE_STEP = 0.5;
const FAR = 0.75; // from the nearest image, in standard deviations of the prior
const HELP = "Drag anywhere, or use the arrow keys (Shift: larger steps, Home: the origin).";

function render({model, el}) {
  const state = new State(model, ["z"]);
  const plane = readPlane(model);
  const {element: legendElement, lit} = legend([...plane.places.keys()], () => drawScatter());
  const parts = build(plane.imageShape);
  const drawScatter = oncePerFrame(() => {
    drawPlane(sharpContext(parts.scatter), {...plane, lit}, cssColors(parts.plane));
  });
  const words = spoken(() => [parts.point, parts.cloud, parts.detail].map((part) => part.textContent).join(". "));
  const controls = letReaderMove(state, parts.plane, plane.half);
  const column = fill(el,
    parts.plane,
    parts.picture,
    h("div", {class: "vae-words"}, parts.point, parts.cloud, parts.detail),
    h("div", {class: "vae-controls"}, legendElement, controls),
    h("p", {class: "vae-help"}, `${HELP} The circles hold 50, 90 and 99 % of the prior.`),
    words.element);
  column.classList.add("vae-latent-plane");
  state.onEnd(onAppearance(parts.plane, drawScatter));
  state.watch(() => showZ(parts, plane, state.get("z")));
  state.onChange(words.say);
  return state.cleanup();
}

function readPlane(model) {
  const {tensors, about: {image_shape: imageShape}} = file(model, ".plane");
  const [means, labels] = [tensors.means.values, tensors.labels?.values];
  const half = halfWidth(means);
  return {decoder: network(model, ".decoder"), imageShape, means, labels, half, places: labelPlaces(means, labels, half)};
}

// Returns the button that brings z back.
function letReaderMove(state, plane, half) {
  const glider = new Glider(() => state.get("z"), (z) => {
    state.set({z: z.map((value) => clamp(value, [-half, half]))});
  });
  const inPlane = (place) => place.map((fraction) => (2 * fraction - 1) * half);
  const home = () => glider.glide(ORIGIN);
  steer(plane, {
    press: (place) => glider.glide(inPlane(place)),
    drag: (place) => glider.follow(inPlane(place)),
    step: (arrow, large) =>
      glider.jump(state.get("z").map((value, i) => value + arrow[i] * (large ? LARGE_STEP : STEP))),
    keys: {Home: home},
  });
  return button("Back to the origin", home);
}

function showZ(parts, {decoder, means, labels, half}, z) {
  paintGray(parts.picture, decoder.forward(z)[0]);
  parts.marker.style.left = `${50 * (1 + z[0] / half)}%`;
  parts.marker.style.top = `${50 * (1 - z[1] / half)}%`;
  parts.point.textContent = `z = (${z.map((value) => fixed(value)).join(", ")})`;
  if (labels) describeCloud(parts, neighbors(means, labels, z));
}

function build([rows, columns]) {
  const plane = h("div", {class: "vae-plane", tabindex: "0", role: "application",
    "aria-label": `Latent plane. ${HELP}`});
  const picture = h("canvas", {class: "vae-picture", width: columns, height: rows, role: "img",
    "aria-label": "The decoder's picture at z", style: `aspect-ratio: ${columns} / ${rows}`});
  const [scatter, marker] = [h("canvas"), h("div", {class: "vae-marker"})];
  const [point, cloud, detail] = ["point", "cloud", "detail"].map((name) => h("p", {class: `vae-${name}`}));
  plane.append(scatter, marker);
  return {plane, picture, scatter, marker, point, cloud, detail};
}

function describeCloud({cloud, detail}, {distance, counts}) {
  const [[label]] = counts;
  const some = ([other, count]) => `${count} ${count === 1 ? "is" : "are"} ${other}`;
  cloud.textContent = `${distance > FAR ? "Far from all; nearest" : "Nearest"} cloud: ${label}`;
  cloud.style.setProperty("--vae-here", `var(--vae-digit-${label % 10})`);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  detail.textContent = `Of the ${total} nearest images, ${counts.slice(0, 2).map(some).join(", ")}`;
}

export default {render};
