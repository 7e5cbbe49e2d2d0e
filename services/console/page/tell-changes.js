import { CONDITIONS } from "./conditions.js";
import { el } from "./elements.js";

/** Entries that are kept for who reads them by ear. */
const KEPT = 5;

/** Listens to the overview and writes into a live region what a screen reader's user should hear: what changed, not each figure. */
export function tellChanges(region) {
  const before = new Map();
  return (state) => {
    if (state === undefined) {
      before.clear();
      return;
    }
    for (const { id, condition, reason } of state.providers) {
      const was = before.get(id);
      before.set(id, condition);
      if (was === undefined || was === condition) continue;
      region.append(el("p", {}, `${id} is ${CONDITIONS[condition].word}${reason === null ? "" : `: ${reason}`}`));
      while (region.children.length > KEPT) region.firstChild.remove();
    }
  };
}
