// The latent plane: move z with a drag or the arrow keys, and see what the decoder makes of it; the way you went is a
// film. What the encoder makes of images lies there too, against the prior's circles, for each of several models.

import {priorWithin, shareWithin} from "./aggregate.js";
import {cssColors, onAppearance, paintGray, sharpContext} from "./canvas.js";
import {button, choice, playButton, resetButton} from "./controls.js";
import {fill, h} from "./dom.js";
import {film} from "./film.js";
import {latest} from "./latest.js";
import {legend} from "./legend.js";
import {Glider, oncePerFrame} from "./motion.js";
import {neighbors} from "./neighbors.js";
import {clamp, fixed} from "./numbers.js";
import {circle, extended} from "./path.js";
import {DOTS, labelsOf, readPlanes} from "./planes.js";
import {spoken} from "./readout.js";
import {drawPath, drawPlane} from "./scatter.js";
import {State} from "./state.js";
import {steer} from "./steer.js";

const MODELS = {"two-latents": "full VAE", "no-kl": "without KL", "kl-only": "without cross-entropy",
  "frey-two-latents": "Frey Face"};
const ORIGIN = [0, 0];
const LARGE = 5; // steps at once, with Shift
const FAR = 0.75; // from the nearest image, in standard deviations of the prior
const WITHIN = 2; // standard deviations of the prior, when dots are counted
const HELP = "Drag anywhere, which leaves a path, or use the arrow keys (Shift: larger steps, Home: the origin, " +
  "Enter: one more point of the path, Delete: no path).";

function render({model, el}) {
  const state = new State(model, ["model", "dots", "z", "path"]);
  const planes = readPlanes(model);
  const plane = () => planes.get(state.get("model"));
  const seen = latest(() => `${state.get("model")} ${state.get("dots")}`, () => dotsOf(plane(), state.get("dots")));
  const parts = build();
  const {clock, home} = letReaderMove(state, parts.plane, () => plane().half);
  const marks = legend(labelsOf(planes), () => drawScatter());
  const drawScatter = oncePerFrame(() => drawPlane(sharpContext(parts.scatter), {...seen(), lit: marks.lit},
    cssColors(parts.plane)));
  const drawWay = oncePerFrame(() => drawPath(sharpContext(parts.way), state.get("path"), plane().half,
    cssColors(parts.plane)));
  const texts = [parts.point, parts.out, parts.cloud, parts.detail, parts.within];
  const words = spoken(() => texts.map((part) => part.textContent).filter(Boolean).join(". "));
  const column = fill(el,
    parts.plane,
    parts.picture,
    h("div", {class: "vae-words"}, ...texts),
    h("div", {class: "vae-controls"}, ...choices(state, [...planes.keys()]), marks.element),
    h("div", {class: "vae-controls"},
      playButton(clock, ["Play the path", "Pause"]),
      button("A circle", () => state.set({path: circle(state.get("z"))})),
      button("Back to the origin", home),
      resetButton(state)),
    h("p", {class: "vae-help"}, `${HELP} Circles: 1, 2 and 3 standard deviations of the prior.`),
    words.element);
  column.classList.add("vae-latent-plane");
  state.onEnd(onAppearance(parts.plane, () => [drawScatter, drawWay].forEach((draw) => draw())));
  state.watch(whenNew(seen, () => {
    drawScatter();
    marks.element.hidden = !plane().labels;
    showShares(parts, seen());
  }));
  state.watch(() => showZ(parts, seen(), state.get("z")));
  state.onChange(drawWay);
  state.onChange(words.say);
  return state.cleanup();
}

const dotsOf = (plane, kind) => ({...plane, dots: DOTS[kind].of(plane), kind});

// Calls `show` where get() has become another object.
function whenNew(get, show) {
  let before;
  return () => {
    if (get() !== before) show();
    before = get();
  };
}

function choices(state, models) {
  const dots = choice(state, {name: "dots", label: "dots",
    options: Object.entries(DOTS).map(([name, {text}]) => [name, text])});
  if (models.length === 1) return [dots];
  return [choice(state, {name: "model", label: "model", options: models.map((name) => [name, MODELS[name] ?? name])}), dots];
}

// Returns the clock of the film, and the function that brings z back.
function letReaderMove(state, element, half) {
  const inside = (z) => z.map((value) => clamp(value, [-half(), half()]));
  const glider = new Glider(() => state.get("z"), (z) => state.set({z: inside(z)}));
  const clock = film(state, element, (z) => glider.jump(z));
  const at = (place) => inside(place.map((fraction) => (2 * fraction - 1) * half()));
  const grow = (path, point) => {
    const longer = extended(path, point, half() / 50);
    if (longer !== path) state.set({path: longer});
    return longer !== path;
  };
  const glide = (z) => {
    clock.stop();
    glider.glide(z);
  };
  let pressed; // where a path begins, if a drag follows
  steer(element, {
    press: (place) => {
      pressed = at(place);
      glide(pressed);
    },
    drag: (place) => {
      if (grow(pressed ? [pressed] : state.get("path"), at(place))) pressed = undefined;
      glider.follow(at(place));
    },
    step: (arrow, large) => {
      clock.stop();
      const step = 0.1 * Math.max(1, Math.round(half() / 4)) * (large ? LARGE : 1);
      glider.jump(state.get("z").map((value, i) => value + arrow[i] * step));
    },
    keys: {
      Home: () => glide(ORIGIN),
      Enter: () => grow(state.get("path"), state.get("z")),
      Delete: () => state.set({path: []}),
    },
  });
  state.onChange(() => { // another model may have a smaller window
    const z = state.get("z");
    if (inside(z).some((value, i) => value !== z[i])) glider.jump(z);
  });
  return {clock, home: () => glide(ORIGIN)};
}

function showZ(parts, {decoder, imageShape: [rows, columns], dots, labels, half}, z) {
  Object.assign(parts.picture, {width: columns, height: rows}).style.aspectRatio = `${columns} / ${rows}`;
  paintGray(parts.picture, decoder.forward(z)[0]);
  parts.marker.style.left = `${50 * (1 + z[0] / half)}%`;
  parts.marker.style.top = `${50 * (1 - z[1] / half)}%`;
  parts.point.textContent = `z = (${z.map((value) => fixed(value)).join(", ")})`;
  parts.out.textContent = `${fixed(Math.hypot(...z))} standard deviations of the prior from its center`;
  describeCloud(parts, labels && neighbors(dots, labels, z));
}

function build() {
  const plane = h("div", {class: "vae-plane", tabindex: "0", role: "application",
    "aria-label": `Latent plane. ${HELP}`});
  const picture = h("canvas", {class: "vae-picture", role: "img", "aria-label": "The decoder's picture at z"});
  const [scatter, way, marker] = [h("canvas"), h("canvas", {class: "vae-way"}), h("div", {class: "vae-marker"})];
  const [point, out, cloud, detail, within] = ["point", "out", "cloud", "detail", "within"].map((name) =>
    h("p", {class: `vae-${name}`}));
  plane.append(scatter, way, marker);
  return {plane, picture, scatter, way, marker, point, out, cloud, detail, within};
}

function describeCloud({cloud, detail}, found) {
  cloud.hidden = detail.hidden = !found;
  if (!found) [cloud.textContent, detail.textContent] = ["", ""];
  else describe(cloud, detail, found);
}

function describe(cloud, detail, {distance, counts}) {
  const [[label]] = counts;
  const some = ([other, count]) => `${count} ${count === 1 ? "is" : "are"} ${other}`;
  cloud.textContent = `${distance > FAR ? "Far from all; nearest" : "Nearest"} cloud: ${label}`;
  cloud.style.setProperty("--vae-here", `var(--vae-digit-${label % 10})`);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  detail.textContent = `Of the ${total} nearest images, ${counts.slice(0, 2).map(some).join(", ")}`;
}

function showShares({within}, {dots, kind}) {
  const percent = (share) => `${fixed(100 * share, 1)}\u00a0%`; // not to be broken before the sign
  const what = kind === "means" ? "posterior means" : "draws of the aggregate posterior";
  within.textContent = `Within ${WITHIN} standard deviations of the prior lie ${percent(shareWithin(dots, WITHIN))} of the ` +
    `${(dots.length / 2).toLocaleString("en")} ${what}, and ${percent(priorWithin(WITHIN))} of the prior itself`;
}

export default {render};
