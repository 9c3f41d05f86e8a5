// A path played as a film: a point goes along it, from its beginning to its end.

import {Clock} from "./clock.js";
import {along, circle} from "./path.js";

const LENGTH = 6; // seconds

// A clock that moves the value `z` of the state along its `path` by `jump(z)`; where there is none, on a circle.
export function film(state, element, jump) {
  let played = 0;
  const clock = new Clock(state, element, (seconds) => {
    if (state.get("path").length < 2) state.set({path: circle(state.get("z"))});
    played = played < 1 ? Math.min(1, played + seconds / LENGTH) : 0;
    jump(along(state.get("path"), played));
    if (played === 1) clock.stop();
  });
  return clock;
}
