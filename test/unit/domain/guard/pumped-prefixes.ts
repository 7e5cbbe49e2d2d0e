import { PrefixGuard } from "../../../../domain/guard/prefix-guard.ts";

/** A shape of pumped traffic. */
export interface Attack {
  readonly name: string;
  /** Messages a minute. */
  readonly rate: number;
  /** The number of the nth message. */
  readonly number: (n: number, random: () => number) => string;
}

export interface Outcome {
  readonly sent: number;
  /** Went before the first was stopped, and all in all. */
  readonly until: number;
  readonly passed: number;
}

const MINUTE_MS = 60_000;
const START = 1_764_000_000_000;
const LIMITS = { perMinute: 10, sequence: 6, quietMs: 15 * MINUTE_MS };
const PARTITIONS = 24;

/** An account's codes over three instances, with people who sign in, `perMinute`, and an attack that begins after `before` minutes, labelled. Deterministic. */
export function simulatePumping(
  attack: Attack | undefined,
  perMinute: number,
  seed: number,
  minutes = 60,
  before = 10,
) {
  const random = seeded(seed);
  const guards = [0, 1, 2].map(() => new PrefixGuard());
  const people = { sent: 0, stopped: 0 };
  const pumped = { sent: 0, until: 0, passed: 0 };
  const judge = (to: string, at: number) => {
    // As murmur2 does, evenly.
    const instance = Math.floor(hash(to) * PARTITIONS) % guards.length;
    return guards[instance]!.judge("acme", to, LIMITS, 1 / guards.length, at);
  };
  let stopped = false;
  let n = 0;
  for (let second = 0; second < minutes * 60; second++) {
    const at = START + second * 1_000;
    for (let left = perMinute / 60; left > 0 && random() < left; left--) {
      people.sent++;
      // Forty million numbers; one in five asks again.
      const to = `491${String(Math.floor(random() * 4e7) + 5e8)}`;
      for (let again = 0; again < (random() < 0.2 ? 2 : 1); again++) if (judge(to, at) !== undefined) people.stopped++;
    }
    if (attack === undefined || second < before * 60) continue;
    for (let left = attack.rate / 60; left > 0 && random() < left; left--) {
      pumped.sent++;
      if (judge(attack.number(n++, random), at) === undefined) {
        pumped.passed++;
        if (!stopped) pumped.until++;
      } else stopped = true;
    }
  }
  return { people, pumped: pumped as Outcome };
}

function hash(text: string): number {
  let h = 2_166_136_261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16_777_619);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return ((h ^ (h >>> 13)) >>> 0) / 4_294_967_296;
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
