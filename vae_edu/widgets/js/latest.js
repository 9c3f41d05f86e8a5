// What several parts of a widget show of the same values, computed once.

// compute(), anew only when `name()` has changed: a number or words that stand for all that it depends on.
export function latest(name, compute) {
  let [before, kept] = [];
  return () => {
    const now = name();
    if (now !== before) [before, kept] = [now, compute(now)];
    return kept;
  };
}
