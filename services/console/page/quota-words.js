import { count } from "./format.js";

/** `1,200 of 5,000 segments`, where the catalog has a quota. */
export function quotaWords(segments, quota) {
  return quota === null ? `${count(segments)} segments` : `${count(segments)} of ${count(quota)} segments`;
}
