import type { PartName } from "./interop-parts.ts";
import type { SluiceUnderTest } from "./sluice-under-test.ts";

/** One thing that Sluice and a part that others wrote have to agree on. */
export interface InteropCase {
  /** The part first: `jSMPP 3.0.1: …`. */
  readonly name: string;
  /** What has to be installed for it. */
  readonly needs: readonly PartName[];
  /** A case that takes longer is broken. */
  readonly limitMs: number;
  /** Gives what was seen, in a few words; throws when it is not what it should be. */
  run(sluice: SluiceUnderTest): Promise<string>;
}

/** Throws, with both values, unless they say the same. */
export function same(what: string, seen: unknown, right: unknown): void {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(right)];
  if (a !== b) throw new Error(`${what}: ${a}; right would be ${b}`);
}
