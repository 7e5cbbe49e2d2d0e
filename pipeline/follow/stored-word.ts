import type { ConsentState, ConsentWord } from "../../domain/consent/consent-word.ts";

/** A word in the store: [state, 1 octet][at, 6][offset, 6][source]. */
const SOURCE_AT = 13;
const STATES: readonly ConsentState[] = ["opted_in", "opted_out"];

export function writeWord({ state, source, at, offset }: ConsentWord): Buffer {
  const octets = Buffer.alloc(SOURCE_AT + Buffer.byteLength(source));
  octets[0] = STATES.indexOf(state);
  octets.writeUIntBE(at, 1, 6);
  octets.writeUIntBE(offset, 7, 6);
  octets.write(source, SOURCE_AT);
  return octets;
}

/** Undefined for octets that `writeWord` did not make. */
export function readWord(octets: Buffer): ConsentWord | undefined {
  const state = octets.length < SOURCE_AT ? undefined : STATES[octets[0]!];
  if (state === undefined) return undefined;
  return {
    state,
    at: octets.readUIntBE(1, 6),
    offset: octets.readUIntBE(7, 6),
    source: octets.toString("utf8", SOURCE_AT),
  };
}
