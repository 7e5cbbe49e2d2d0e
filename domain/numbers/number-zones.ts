import file from "./time-zones.json" with { type: "json" };

/**
 * Time zones of numbers by prefix, from time-zones.json: where the numbers were given out, by the data of libphonenumber. It is a guess for
 * mobile numbers, which move. Of a country with several zones some have all of them, and others (+61 4, +62 8, +7 9, +34 6, +593 9) only the
 * largest: what that leads to stands in docs/time.md. Numbers of no country have none.
 */
let byPrefix: Map<string, readonly string[]> | undefined;
let longest = 0;

/** Zones of the IANA database in which a number may be (E.164 digits): none, one, or many. */
export function zonesOf(number: string): readonly string[] {
  byPrefix ??= read();
  for (let length = Math.min(longest, number.length); length > 0; length--) {
    const zones = byPrefix.get(number.slice(0, length));
    if (zones !== undefined) return zones;
  }
  return NONE;
}

const NONE: readonly string[] = [];

/** Read when it is asked for first: most installations have no use for it. */
function read(): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [zones = "", prefixes = ""] of file.zones as string[][]) {
    // Data may know zones that this engine does not.
    const known = zones.split(" ").filter(isKnown);
    for (const prefix of prefixes.split(" ")) {
      found.set(prefix, known);
      longest = Math.max(longest, prefix.length);
    }
  }
  return found;
}

function isKnown(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
