// The ring: a Gaussian cloud is bent by a function of one line, and every point can be followed on its way.

import {resetButton, slider} from "./controls.js";
import {fill, h} from "./dom.js";
import {pointHandle} from "./handle.js";
import {key} from "./key.js";
import {fixed} from "./numbers.js";
import {Plot} from "./plot.js";
import {Random} from "./random.js";
import {readout} from "./readout.js";
import {sample} from "./scale.js";
import {State} from "./state.js";

const HALF = 3.2; // of the plane's width
const DISTANCES = [0, 4];
const [BINS, BIN] = [20, 0.2]; // of the distance before anything is bent
const HEIGHTS = [0.7, 1, 2, 4, 7]; // that the histogram's axis may have: few, so that it seldom jumps
const [DERIVED, CLOUD, POINT] = [0, 1, 3]; // series
const HELP = "Drag the ringed handle, z, or select it and use the arrow keys (Shift: more). The dot on its line is where it goes.";

function render({model, el}) {
  const state = new State(model, ["bend", "z"]);
  const cloud = cloudOf(800);
  const plane = new Plot(state, {
    label: "The plane: the cloud on its way to the ring, and one point followed",
    x: {range: [-HALF, HALF], title: "first coordinate"},
    y: {range: [-HALF, HALF], title: "second coordinate"},
    aspect: 0.96,
    paint: (pen) => paintPlane(pen, cloud, state.all()),
  });
  pointHandle(state, plane, {name: "z", label: "z, the point to follow", series: POINT});
  fill(el,
    key([{text: "distances of the dots", series: CLOUD, kind: "area"}, {text: "their density, derived", series: DERIVED},
      {text: "z and where it goes", series: POINT}]),
    h("div", {class: "vae-pair"}, plane.element, distancePlot(state, cloud).element),
    readout(state, () => inWords(state.all())),
    h("div", {class: "vae-controls"},
      slider(state, {name: "bend", label: "from cloud to ring", min: 0, max: 1, text: (t) => `${fixed(100 * t, 0)} %`}),
      resetButton(state)),
    h("p", {class: "vae-help"}, HELP));
  return state.cleanup();
}

// Points of N(0, I), the same every time; by quadrants, so that colors follow the points.
export function cloudOf(count) {
  const random = new Random(1);
  return Array.from({length: count}, () => [random.normal(), random.normal()]);
}

const quadrant = ([x, y]) => (x > 0 ? 0 : 1) + (y > 0 ? 0 : 2);

// z on its straight way to z/10 + z/‖z‖: at 0 z itself, at 1 there. Its direction stays, so 0, which has none, has no place.
export function bent([x, y], bend) {
  const stretch = 1 - bend + bend * (0.1 + 1 / Math.hypot(x, y));
  return [stretch * x, stretch * y];
}

// The density of the distance from the center: ‖z‖ is Rayleigh's, and the distance is linear in it.
export function distanceDensity(distance, bend) {
  const slope = 1 - 0.9 * bend;
  const r = (distance - bend) / slope;
  return r > 0 ? (r * Math.exp((-r * r) / 2)) / slope : 0;
}

// The cloud's distances in bins that are bent with it: each keeps its dots and so its area, which is their share.
export function histogram(cloud, bend) {
  const slope = 1 - 0.9 * bend;
  const edges = Array.from({length: BINS + 1}, (_, i) => bend + slope * BIN * i);
  const heights = new Float64Array(BINS);
  for (const z of cloud) {
    const bin = Math.floor((Math.hypot(...bent(z, bend)) - bend) / (slope * BIN));
    if (bin < BINS) heights[Math.max(0, bin)] += 1 / (cloud.length * slope * BIN);
  }
  return {edges, heights};
}

function paintPlane(pen, cloud, {bend, z}) {
  for (let series = 0; series < 4; series++) {
    const points = cloud.filter((each) => quadrant(each) === series).map((each) => bent(each, bend));
    pen.dots(points, {series, radius: 1.6});
  }
  if (Math.hypot(...z) === 0) return;
  pen.curve([z, bent(z, bend)], {series: POINT, width: 2});
  pen.dots([bent(z, bend)], {series: POINT, radius: 6});
}

function distancePlot(state, cloud) {
  return new Plot(state, {
    label: "Distances from the center: of the dots, and their derived density",
    x: {range: DISTANCES, ticks: 4, title: "distance from the center"},
    y: {
      get range() {
        const peak = distanceDensity(state.get("bend") + 1 - 0.9 * state.get("bend"), state.get("bend")); // where r is 1
        return [0, HEIGHTS.find((height) => height > 1.1 * peak)];
      },
      ticks: 4,
      title: "density",
    },
    aspect: 0.96,
    paint: (pen) => {
      const {bend, z} = state.all();
      const {edges, heights} = histogram(cloud, bend);
      pen.histogram(edges, heights, {series: CLOUD, hatched: true});
      pen.curve(sample((distance) => distanceDensity(distance, bend), DISTANCES, 600), {series: DERIVED});
      if (Math.hypot(...z) > 0) pen.rule({x: Math.hypot(...bent(z, bend))}, {dash: []});
    },
  });
}

function inWords({bend, z}) {
  const r = Math.hypot(...z);
  if (r === 0) return "z = 0 has no direction, and so no place on the ring.";
  const there = bent(z, bend);
  const pair = ([x, y]) => `(${fixed(x)}, ${fixed(y)})`;
  return `z = ${pair(z)}, at distance ${fixed(r)}, is now at ${pair(there)}, distance ${fixed(Math.hypot(...there))}. ` +
    `Nearer to the center than this point are ${fixed(-100 * Math.expm1((-r * r) / 2), 0)} % of the cloud, however far it is bent.`;
}

export default {render};
