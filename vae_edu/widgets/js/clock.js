// Time for figures that run by themselves: only after the reader starts them, and only while they are in view.

import {calm} from "./motion.js";

const CALM_TICK = 1; // seconds between ticks where less motion is wanted: steps in place of a flow
const LONGEST = 2; // seconds in one tick, also after the page was hidden

export class Clock {
  // `tick(seconds)` is called with the time since the last tick, while `element` can be seen.
  constructor(state, element, tick) {
    Object.assign(this, {tick, running: false, inView: true, onChange: () => {}});
    const view = new IntersectionObserver(([entry]) => {
      this.inView = entry.isIntersecting;
    });
    view.observe(element);
    state.onEnd(() => {
      this.stop();
      view.disconnect();
    });
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.onChange();
    this.before = performance.now();
    this.frame = requestAnimationFrame((now) => this.run(now));
  }

  stop() {
    if (!this.running) return;
    this.running = false;
    cancelAnimationFrame(this.frame);
    this.onChange();
  }

  run(now) {
    this.frame = requestAnimationFrame((next) => this.run(next));
    const seconds = Math.max(0, now - this.before) / 1000;
    if (calm.matches && seconds < CALM_TICK) return;
    this.before = now;
    if (this.inView) this.tick(Math.min(seconds, LONGEST));
  }
}
