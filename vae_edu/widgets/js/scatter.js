// The plane: dots where the encoder puts images, colored by label, and the prior's circles.

import {write} from "./canvas.js";
import {ticks} from "./scale.js";

const CELLS = 24; // across the plane, when looking for the place of a label
const TURN = 2 * Math.PI;
const RADII = [1, 2, 3]; // in standard deviations of the prior, N(0, I)

// Half the width of a square window around 0 that holds 99.5 % of the coordinates.
export function halfWidth(means) {
  const sizes = Float32Array.from(means, Math.abs).sort();
  return Math.max(3.5, Math.ceil(2 * sizes[Math.floor(0.995 * (sizes.length - 1))]) / 2);
}

// Map from each label to where it is best written: the cell in which its dots outnumber the others most. A label whose
// dots are in the majority nowhere has no place.
export function labelPlaces(means, labels = [], half) {
  const own = new Map(); // label -> Map from cell to the number of its dots there
  const all = new Uint32Array(CELLS ** 2);
  labels.forEach((label, i) => {
    const [column, row] = [means[2 * i], means[2 * i + 1]].map((z) => Math.floor(((1 + z / half) / 2) * CELLS));
    const cell = clamp(row) * CELLS + clamp(column);
    if (!own.has(label)) own.set(label, new Map());
    own.get(label).set(cell, (own.get(label).get(cell) ?? 0) + 1);
    all[cell] += 1;
  });
  const center = (place) => ((2 * place + 1) / CELLS - 1) * half;
  const places = new Map();
  for (const label of [...own.keys()].sort((a, b) => a - b)) {
    const surplus = ([cell, count]) => 2 * count - all[cell];
    const [cell] = [...own.get(label)].reduce((best, other) => (surplus(other) > surplus(best) ? other : best));
    if (2 * own.get(label).get(cell) <= all[cell]) continue;
    places.set(label, [center(cell % CELLS), center(Math.floor(cell / CELLS))]);
  }
  return places;
}

const clamp = (place) => Math.min(CELLS - 1, Math.max(0, place));

// Draw everything but z itself. `lit(label)` says whether a label's dots stand out.
export function drawPlane({context, width}, {dots, labels, half, places, lit}, colors) {
  const x = (z1) => ((1 + z1 / half) / 2) * width;
  const y = (z2) => ((1 - z2 / half) / 2) * width;
  const color = (label) => colors.digits[label % 10] ?? colors.muted;
  for (const bright of [false, true]) {
    context.globalAlpha = bright ? 0.75 : 0.1;
    for (let i = 0; i < dots.length / 2; i++) {
      if (lit(labels?.[i]) !== bright) continue;
      context.fillStyle = color(labels?.[i]);
      context.beginPath();
      context.arc(x(dots[2 * i]), y(dots[2 * i + 1]), width / 320, 0, TURN);
      context.fill();
    }
  }
  drawPrior(context, x, y, colors);
  for (const [label, [z1, z2]] of places) {
    context.globalAlpha = lit(label) ? 1 : 0.3;
    context.font = `700 ${Math.round(width / 20)}px system-ui, sans-serif`;
    write(context, label, x(z1), y(z2), {color: color(label), surface: colors.surface});
  }
  drawAxes(context, x, y, half, colors);
}

// A path [[z1, z2], …] in the same plane; a path of one point is a dot.
export function drawPath({context, width}, path, half, {ink, surface}) {
  const place = ([z1, z2]) => [((1 + z1 / half) / 2) * width, ((1 - z2 / half) / 2) * width];
  Object.assign(context, {lineCap: "round", lineJoin: "round"});
  for (const [line, color] of [[7, surface], [3, ink]]) {
    Object.assign(context, {lineWidth: line, strokeStyle: color});
    context.beginPath();
    for (const point of [...path.slice(0, 1), ...path]) context.lineTo(...place(point));
    context.stroke();
  }
}

function drawPrior(context, x, y, {ink, surface}) {
  context.globalAlpha = 1;
  for (const [width, color] of [[3, surface], [1.25, ink]]) {
    Object.assign(context, {lineWidth: width, strokeStyle: color});
    for (const radius of RADII) {
      context.beginPath();
      context.arc(x(0), y(0), x(radius) - x(0), 0, TURN);
      context.stroke();
    }
  }
}

function drawAxes(context, x, y, half, {muted: color, surface}) {
  const [left, bottom] = [x(-half) + 12, y(-half) - 10];
  context.globalAlpha = 1;
  context.font = "11px system-ui, sans-serif";
  for (const tick of ticks([-half, half], 10)) {
    if (Math.abs(tick) > 0.93 * half) continue; // the axes' names stand there
    const text = String(tick).replace("-", "−");
    write(context, text, x(tick), bottom, {color, surface});
    write(context, text, left, y(tick), {color, surface});
  }
  context.font = "italic 13px system-ui, sans-serif";
  write(context, "z₁", x(half) - 12, bottom, {color, surface});
  write(context, "z₂", left, y(half) + 11, {color, surface});
}
