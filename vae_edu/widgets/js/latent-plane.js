// The latent plane: move z with a drag or the arrow keys, and see what the decoder makes of it.

import {cssColors, onAppearance, paintGray, sharpContext} from "./canvas.js";
import {h} from "./dom.js";
import {legend} from "./legend.js";
import {MLP} from "./mlp.js";
import {Glider, onceAtRest, oncePerFrame} from "./motion.js";
import {neighbors} from "./neighbors.js";
import {readSafetensors} from "./safetensors.js";
import {drawPlane, halfWidth, labelPlaces} from "./scatter.js";
import {steer} from "./steer.js";

const ORIGIN = [0, 0];
const STEP = 0.1;
const LARGE_STEP = 0.5;
const FAR = 0.75; // from the nearest image, in standard deviations of the prior
const HELP = "Drag anywhere, or use the arrow keys (Shift: larger steps, Home: the origin).";

function render({model, el}) {
  const plane = readPlane(model.get("data"));
  const {element: legendElement, lit} = legend([...plane.places.keys()], () => drawScatter());
  const parts = build(el, plane.imageShape, legendElement);
  const drawScatter = oncePerFrame(() => {
    drawPlane(sharpContext(parts.scatter), {...plane, lit}, cssColors(parts.plane));
  });
  const drawZ = oncePerFrame(() => showZ(parts, plane, zOf(model)));
  const speak = onceAtRest(() => {
    parts.spoken.textContent = [parts.point, parts.cloud, parts.detail].map((part) => part.textContent).join(". ");
  });
  const onMove = () => {
    drawZ();
    speak();
  };
  model.on("change:z", onMove);
  const stopWatching = onAppearance(parts.plane, drawScatter);
  letReaderMove(model, parts, plane.half);
  drawZ();
  return () => {
    model.off("change:z", onMove);
    stopWatching();
  };
}

const zOf = (model) => model.get("z") ?? ORIGIN;

function readPlane(data) {
  const {metadata, tensors} = readSafetensors(data);
  const {image_shape: imageShape, ...functions} = JSON.parse(metadata.plane);
  const [means, labels] = [tensors.means.values, tensors.labels?.values];
  const half = halfWidth(means);
  return {decoder: new MLP(tensors, functions), imageShape, means, labels, half, places: labelPlaces(means, labels, half)};
}

// Everything that moves z goes through here and into the model; everything that shows z listens to the model.
function letReaderMove(model, {plane, reset}, half) {
  const glider = new Glider(() => zOf(model), (z) => {
    model.set("z", z.map((value) => Math.min(half, Math.max(-half, value))));
    model.save_changes();
  });
  const inPlane = (place) => place.map((fraction) => (2 * fraction - 1) * half);
  const home = () => glider.glide(ORIGIN);
  reset.addEventListener("click", home);
  steer(plane, {
    press: (place) => glider.glide(inPlane(place)),
    drag: (place) => glider.follow(inPlane(place)),
    step: (arrow, large) => glider.jump(zOf(model).map((value, i) => value + arrow[i] * (large ? LARGE_STEP : STEP))),
    home,
  });
}

function showZ(parts, {decoder, means, labels, half}, z) {
  paintGray(parts.picture, decoder.forward(z));
  parts.marker.style.left = `${50 * (1 + z[0] / half)}%`;
  parts.marker.style.top = `${50 * (1 - z[1] / half)}%`;
  parts.point.textContent = `z = (${z.map(twoDigits).join(", ")})`;
  if (labels) describeCloud(parts, neighbors(means, labels, z));
}

// With a minus sign as printed, and none before 0.00.
function twoDigits(number) {
  return number.toFixed(2).replace(/^-(?!0\.00$)/, "−").replace("-", "");
}

function build(el, [rows, columns], legendElement) {
  const plane = h("div", {class: "vae-plane", tabindex: "0", role: "application",
    "aria-label": `Latent plane. ${HELP}`, "data-lm-suppress-shortcuts": "true"}); // else Jupyter takes the arrows
  const picture = h("canvas", {class: "vae-picture", width: columns, height: rows, role: "img",
    "aria-label": "The decoder's picture at z", style: `aspect-ratio: ${columns} / ${rows}`});
  const [scatter, marker] = [h("canvas"), h("div", {class: "vae-marker"})];
  const [point, cloud, detail] = ["point", "cloud", "detail"].map((name) => h("p", {class: `vae-${name}`}));
  const reset = h("button", {type: "button", class: "vae-reset"}, "Back to the origin");
  const spoken = h("p", {class: "vae-spoken", role: "status"});
  plane.append(scatter, marker);
  el.classList.add("vae-widget");
  el.append(h("div", {class: "vae-latent-plane"},
    plane,
    picture,
    h("div", {class: "vae-words"}, point, cloud, detail),
    h("div", {class: "vae-controls"}, legendElement, reset),
    h("p", {class: "vae-help"}, `${HELP} The circles hold 50, 90 and 99 % of the prior.`),
    spoken));
  return {plane, picture, scatter, marker, point, cloud, detail, reset, spoken};
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
