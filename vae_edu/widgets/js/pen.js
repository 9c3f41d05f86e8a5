// What is drawn into a plot, in the plot's own units. Every series has a color, a dash and a hatching of its own:
// who cannot see the colors sees the rest.

import {write} from "./canvas.js";
import {fixed} from "./numbers.js";
import {decimals, ticks} from "./scale.js";

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const HATCHINGS = [[], [1], [-1], [1, -1]]; // slopes of the lines over an area
const GAP = 7; // pixels between them
const FONT = "12px system-ui, sans-serif";

export class Pen {
  // `x` and `y` take numbers to pixels; `frame` is {left, right, top, bottom}, where the axes stand.
  constructor(context, x, y, frame, colors) {
    Object.assign(this, {context, x, y, frame, colors});
  }

  // A line through [[x, y], …].
  curve(points, {series = 0, width = 2.25} = {}) {
    this.stroke(this.through(points), this.colors.series[series], width, DASHES[series]);
  }

  // What lies between [[x, y], …] and the height `base`.
  area(points, {series = 0, base = 0, hatched = true} = {}) {
    this.fill(this.through([[points[0][0], base], ...points, [points.at(-1)[0], base]]), series, hatched);
  }

  // A rectangle from x0 to x1 and y0 to y1: a bar, lying or standing.
  bar([x0, x1], [y0, y1], {series = 0, hatched = true} = {}) {
    this.outlined([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]], series, hatched);
  }

  // Bars of the given heights between neighboring edges; one edge more than heights.
  histogram(edges, heights, {series = 0, hatched = false} = {}) {
    const steps = Array.from(heights, (height, i) => [[edges[i], height], [edges[i + 1], height]]).flat();
    this.outlined([[edges[0], 0], ...steps, [edges.at(-1), 0]], series, hatched);
  }

  // Dots at [[x, y], …].
  dots(points, {series = 0, radius = 3} = {}) {
    const path = new Path2D();
    for (const [x, y] of points) {
      path.moveTo(this.x(x) + radius, this.y(y));
      path.arc(this.x(x), this.y(y), radius, 0, 2 * Math.PI);
    }
    this.context.fillStyle = this.colors.series[series];
    this.context.fill(path);
  }

  // Marks at places on the x axis, up to a height.
  rug(places, height, {series = 0, width = 1.5} = {}) {
    const path = new Path2D();
    for (const x of places) {
      path.moveTo(this.x(x), this.y(0));
      path.lineTo(this.x(x), this.y(height));
    }
    this.stroke(path, this.colors.series[series], width, DASHES[series]);
  }

  // A thin line across the plot at a height or a place.
  rule({x, y}, {dash = [3, 3], color = this.colors.muted} = {}) {
    const {left, right, top, bottom} = this.frame;
    const path = new Path2D();
    path.moveTo(x === undefined ? left : this.x(x), y === undefined ? bottom : this.y(y));
    path.lineTo(x === undefined ? right : this.x(x), y === undefined ? top : this.y(y));
    this.stroke(path, color, 1.25, dash);
  }

  // Words at a place, moved by [right, up] pixels.
  text(words, [x, y], {by: [right, up] = [0, 0], color = this.colors.ink, font = FONT, ...rest} = {}) {
    this.context.font = font;
    write(this.context, words, this.x(x) + right, this.y(y) - up, {color, surface: this.colors.surface, ...rest});
  }

  // Words at the upper right, above the plot where the y axis has a title.
  headline(words) {
    const {context, frame: {right, top}, colors: {ink: color, surface}} = this;
    context.font = `600 ${FONT}`;
    write(context, words, right, top - 20, {color, surface, align: "right", baseline: "top"});
  }

  // The two axes, each {range, title, ticks}: `ticks` is how many numbers, about; 0 for none.
  axes(x, y) {
    const {context, frame: {left, right, top, bottom}, colors: {muted: color, surface}} = this;
    this.rule({y: y.range[0]}, {dash: []});
    context.font = FONT;
    const [across, up] = [numbers(x), numbers(y)];
    for (const [value, text] of across) write(context, text, this.x(value), bottom + 12, {color, surface});
    for (const [value, text] of up) write(context, text, left - 6, this.y(value), {color, surface, align: "right"});
    if (up.length) this.rule({x: x.range[0]}, {dash: []});
    const title = {color, surface, baseline: "top"};
    if (x.title) write(context, x.title, (left + right) / 2, bottom + 22, title);
    if (y.title) write(context, y.title, 2, top - 20, {...title, align: "left"});
  }

  through(points) {
    const path = new Path2D();
    for (const [x, y] of points) path.lineTo(this.x(x), this.y(y)); // the first only begins
    return path;
  }

  outlined(points, series, hatched) {
    const path = this.through(points);
    this.fill(path, series, hatched);
    this.stroke(path, this.colors.series[series], 1.5);
  }

  stroke(path, color, width, dash = []) {
    Object.assign(this.context, {strokeStyle: color, lineWidth: width, lineJoin: "round"});
    this.context.setLineDash(dash);
    this.context.stroke(path);
  }

  fill(path, series, hatched) {
    const {context} = this;
    context.save();
    context.fillStyle = this.colors.series[series];
    context.globalAlpha = 0.28;
    context.fill(path);
    context.clip(path);
    context.globalAlpha = 0.6;
    if (hatched) for (const slope of HATCHINGS[series]) this.stroke(this.hatching(slope), this.colors.series[series], 1);
    context.restore();
  }

  hatching(slope) {
    const {left, right, top, bottom} = this.frame;
    const path = new Path2D();
    for (let from = left - (bottom - top); from < right + bottom - top; from += GAP) {
      path.moveTo(from, bottom);
      path.lineTo(from + slope * (bottom - top), top);
    }
    return path;
  }
}

// [[value, text], …] along an axis.
function numbers({range, ticks: count = 6}) {
  if (!count) return [];
  const values = ticks(range, count);
  return values.map((value) => [value, fixed(value, decimals(values))]);
}
