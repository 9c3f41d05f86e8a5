// The latent plane: move z with a drag or the arrow keys, and see what the decoder makes of it.

import {cssColors, onAppearance, paintGray, sharpContext} from "./canvas.js";
import {h} from "./dom.js";
import {legend} from "./legend.js";
import {MLP} from "./mlp.js";
import {Glider, oncePerFrame} from "./motion.js";
import {neighbors} from "./neighbors.js";
import {readSafetensors} from "./safetensors.js";
import {drawPlane, halfWidth, labelPlaces} from "./scatter.js";
import {steer} from "./steer.js";

const ORIGIN = [0, 0];
const STEP = 0.1;
const LARGE_STEP = 0.5;
const FAR = 0.75; // from the nearest image, in standard deviations of the prior
const SPOKEN_AFTER = 600; // milliseconds of rest before a screen reader is told
const HELP = "Drag anywhere, or use the arrow keys (Shift: larger steps, Home: the origin).";

function render({model, el}) {
  const {metadata, tensors} = readSafetensors(model.get("data"));
  const decoder = new MLP(tensors, metadata);
  const means = tensors.means.values;
  const labels = tensors.labels?.values;
  const half = halfWidth(means);
  const places = labelPlaces(means, labels, half);
  const {element: legendElement, lit} = legend([...places.keys()], () => drawScatter());
  const parts = build(el, metadata.image_shape.split(",").map(Number), legendElement);

  const getZ = () => model.get("z") ?? ORIGIN;
  const setZ = (z) => {
    model.set("z", z.map((value) => Math.min(half, Math.max(-half, value))));
    model.save_changes();
  };
  const glider = new Glider(getZ, setZ);
  const inPlane = (place) => place.map((fraction) => (2 * fraction - 1) * half);
  const home = () => glider.glide(ORIGIN);
  parts.reset.addEventListener("click", home);
  steer(parts.plane, {
    press: (place) => glider.glide(inPlane(place)),
    drag: (place) => glider.follow(inPlane(place)),
    step: (arrow, large) => glider.jump(getZ().map((value, i) => value + arrow[i] * (large ? LARGE_STEP : STEP))),
    home,
  });

  const drawScatter = oncePerFrame(() => {
    drawPlane(sharpContext(parts.scatter), {means, labels, half, places, lit}, cssColors(parts.plane));
  });
  const speak = speaker(parts.spoken);
  const drawZ = oncePerFrame(() => {
    const z = getZ();
    paintGray(parts.picture, decoder.forward(z));
    parts.marker.style.left = `${50 * (1 + z[0] / half)}%`;
    parts.marker.style.top = `${50 * (1 - z[1] / half)}%`;
    parts.point.textContent = `z = (${z.map((value) => value.toFixed(2).replace("-", "−")).join(", ")})`;
    if (labels) describeCloud(parts, neighbors(means, labels, z));
    speak([parts.point, parts.cloud, parts.detail].map((part) => part.textContent).join(". "));
  });
  model.on("change:z", drawZ);
  const stopWatching = onAppearance(parts.plane, drawScatter);
  drawZ();
  return () => {
    model.off("change:z", drawZ);
    stopWatching();
  };
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

// Tells screen readers, once the point has come to rest.
function speaker(status) {
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => (status.textContent = text), SPOKEN_AFTER);
  };
}

export default {render};
