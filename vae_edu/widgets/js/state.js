// What a widget shows, as named values that live in its model: in Jupyter Python reads and sets them too.
// Whatever moves a value goes through here; whatever shows one watches. Defaults stand in Python alone.

import {oncePerFrame} from "./motion.js";

export class State {
  // `names`: the values that the reader, or Python, can change.
  constructor(model, names) {
    this.model = model;
    this.names = names;
    this.initial = this.all();
    this.listeners = [];
    this.atEnd = [];
    const changed = () => this.listeners.forEach((tell) => tell());
    for (const name of names) model.on(`change:${name}`, changed);
    this.onEnd(() => names.forEach((name) => model.off(`change:${name}`, changed)));
  }

  get(name) {
    return this.model.get(name);
  }

  // {name: value, …} of all.
  all() {
    return Object.fromEntries(this.names.map((name) => [name, this.get(name)]));
  }

  // set({mean: 1, sd: 2}); Python hears of it.
  set(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
  }

  // Back to how the widget was when it appeared.
  reset() {
    this.set(this.initial);
  }

  // Call `show` now, and in the frame after values have changed.
  watch(show) {
    this.onChange(oncePerFrame(show));
    show();
  }

  // Call `tell` at every change.
  onChange(tell) {
    this.listeners.push(tell);
  }

  // Call `stop` when the widget is taken away.
  onEnd(stop) {
    this.atEnd.push(stop);
  }

  // What a widget's render function returns.
  cleanup() {
    return () => this.atEnd.forEach((stop) => stop());
  }
}
