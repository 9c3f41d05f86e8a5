// Moving things once per frame, and gently.

// `draw`, put off to the next frame; further calls before that frame are one.
export function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

const REST = 600; // milliseconds without a call

// `tell`, put off until calls have ceased: screen readers should not be told every step of a drag.
export function onceAtRest(tell) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(tell, REST);
  };
}

export const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const TIME_CONSTANT = 70; // milliseconds in which a glide covers 63 % of what is left
const ARRIVED = 0.01;

// A point that can jump, or glide so that the eye sees what lies on the way.
export class Glider {
  // `get` and `set` read and write the point, an array of numbers.
  constructor(get, set) {
    this.get = get;
    this.set = set;
    this.target = null;
  }

  jump(target) {
    this.target = null;
    this.set(target);
  }

  glide(target) {
    if (calm.matches) return this.jump(target);
    const resting = this.target === null;
    this.target = target;
    if (resting) this.step(performance.now());
  }

  // Stay with a moving pointer: exactly, unless a glide towards it is still under way.
  follow(target) {
    if (this.target === null) this.set(target);
    else this.target = target;
  }

  step(before) {
    requestAnimationFrame((now) => {
      if (this.target === null) return;
      const share = 1 - Math.exp(-Math.max(0, now - before) / TIME_CONSTANT);
      const next = this.get().map((value, i) => value + share * (this.target[i] - value));
      if (Math.hypot(...next.map((value, i) => value - this.target[i])) < ARRIVED) return this.jump(this.target);
      this.set(next);
      this.step(now);
    });
  }
}
