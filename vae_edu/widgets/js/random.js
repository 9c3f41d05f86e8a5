// Random numbers that are the same for the same seed: a figure can be reset, and a test can foretell it.

const TURN = 2 * Math.PI;

export class Random {
  constructor(seed = 1) {
    this.state = seed >>> 0;
    this.spare = null;
  }

  // A whole number of 32 bits: a Weyl sequence, scrambled (the finalizer of MurmurHash3).
  bits() {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let a = this.state;
    a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
    a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
    return (a ^ (a >>> 16)) >>> 0;
  }

  // From (0, 1), neither end included.
  uniform() {
    return (this.bits() + 0.5) / 2 ** 32;
  }

  // From N(0, 1), by Box and Muller: two at a time, one kept for the next call.
  normal() {
    if (this.spare !== null) {
      const kept = this.spare;
      this.spare = null;
      return kept;
    }
    const [radius, angle] = [Math.sqrt(-2 * Math.log(this.uniform())), TURN * this.uniform()];
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  normals(count) {
    return Float64Array.from({length: count}, () => this.normal());
  }
}
