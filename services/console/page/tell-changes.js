import { CONDITIONS } from "./conditions.js";
import { el } from "./elements.js";

/** Entries that are kept for who reads them by ear. */
const KEPT = 5;

/** Listens to the overview and writes into a live region what a screen reader's user should hear: what changed, not each figure. */
export function tellChanges(region) {
  const before = new Map();
  let firing;
  const tell = (text) => {
    region.append(el("p", {}, text));
    while (region.children.length > KEPT) region.firstChild.remove();
  };
  return (state) => {
    if (state === undefined) {
      before.clear();
      firing = undefined;
      return;
    }
    const now = state.alerts.firing;
    if (firing !== undefined && firing !== now)
      tell(now === 0 ? "No alert fires any more." : `Alerts that fire: ${now}.`);
    firing = now;
    for (const { id, condition, reason } of state.providers) {
      const was = before.get(id);
      before.set(id, condition);
      if (was === undefined || was === condition) continue;
      tell(`${id} is ${CONDITIONS[condition].word}${reason === null ? "" : `: ${reason}`}`);
    }
  };
}
