import type { Candidate } from "../candidate.ts";
import type { Strategy } from "./strategy.ts";

/**
 * The same provider for a number, as long as that can take its messages. By rendezvous hashing: each provider has a score for
 * the number that depends on nothing else, and the highest wins. So when a provider goes away only its own numbers move, when
 * one comes it takes its share from all, and nothing has to be remembered.
 */
export const sticky: Strategy = {
  name: "sticky",
  score: "preference of this number",
  rank: (usable, { facts }) => {
    let best = usable[0]!;
    for (const candidate of usable) {
      candidate.score = preference(candidate, facts.destination);
      candidate.verdict = "less-preferred";
      if (candidate.score > best.score!) best = candidate;
    }
    return best;
  },
};

/** With -w / ln(u), u uniform in (0, 1), each provider is the highest for its weight's share of all numbers. */
function preference({ provider, member }: Candidate, destination: string): number {
  const uniform = (hash(provider, destination) + 0.5) / 2 ** 32;
  return -member.weight / Math.log(uniform);
}

/** 32 bits: FNV-1a, and the finaliser of MurmurHash3, without which similar numbers would have similar scores. */
function hash(provider: string, destination: string): number {
  let value = fnv(fnv(0x811c9dc5, provider), destination);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function fnv(seed: number, text: string): number {
  let value = seed;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}
