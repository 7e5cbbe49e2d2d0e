import { count } from "./format.js";

const REASONS = {
  throttled: "throttled alone",
  rate: "at its rate by the catalog",
  window: "has its share of the window",
};

/** The networks that a provider holds back, in words; empty when there are none. */
export function heldWords(heldNetworks) {
  if (heldNetworks.length === 0) return "";
  const each = heldNetworks.map(
    ({ network, name, reason, waiting }) =>
      `${network}${name === "" ? "" : ` ${name}`} (${REASONS[reason] ?? reason}, ${count(waiting)} waiting)`,
  );
  return `held back: ${each.join(", ")}`;
}
