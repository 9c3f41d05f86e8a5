// A plot: a canvas with axes that follows its size, the page's colors and a widget's state.

import {cssColors, onAppearance, sharpContext} from "./canvas.js";
import {h} from "./dom.js";
import {oncePerFrame} from "./motion.js";
import {Pen} from "./pen.js";
import {scale} from "./scale.js";

export class Plot {
  // `x` and `y` are axes, {range: [from, to], title, ticks}; `paint(pen)` draws what is between them, anew whenever
  // the state, the size or the theme changes. `label` says what is plotted; `aspect` is width by height.
  constructor(state, {label, x, y, paint, aspect = 2}) {
    Object.assign(this, {x, y, paint, grips: []});
    this.canvas = h("canvas");
    this.element = h("div", {class: "vae-plot", role: "group", "aria-label": label, style: `aspect-ratio: ${aspect}`},
      this.canvas);
    const draw = oncePerFrame(() => this.draw());
    state.watch(draw);
    state.onEnd(onAppearance(this.element, () => {
      this.colors = cssColors(this.element);
      draw();
    }));
  }

  draw() {
    const {context, width, height} = sharpContext(this.canvas);
    if (!this.colors || width === 0) return;
    const frame = this.frame(width, height);
    this.toX = scale(this.x.range, [frame.left, frame.right]);
    this.toY = scale(this.y.range, [frame.bottom, frame.top]);
    const pen = new Pen(context, this.toX, this.toY, frame, this.colors);
    pen.axes(this.x, this.y);
    context.save();
    context.beginPath();
    context.rect(frame.left, 0, width - frame.left, frame.bottom);
    context.clip();
    this.paint(pen);
    context.restore();
    for (const grip of this.grips) grip();
  }

  frame(width, height) {
    const bottom = height - (this.x.ticks === 0 ? 4 : 22) - (this.x.title ? 18 : 0);
    return {left: this.y.ticks === 0 ? 14 : 38, right: width - 14, top: this.y.title ? 26 : 8, bottom};
  }

  // The plot's [x, y] at a place of its box, given from (0, 0) at the bottom left to (1, 1).
  at([across, up]) {
    const {width, height} = this.canvas.getBoundingClientRect();
    const {left, right, top, bottom} = this.frame(width, height);
    const toNumber = (place, ends, {range}) => scale(ends, range)(place);
    return [toNumber(across * width, [left, right], this.x), toNumber((1 - up) * height, [bottom, top], this.y)];
  }
}
