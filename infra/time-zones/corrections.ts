/**
 * Zones by number prefix as libphonenumber has them, but for countries to which it gives the zone of another one whose clocks were the same
 * once: by the IANA database (2026c) they differ by an hour in a part of the year or all of it. A prefix and all longer ones; the longest holds.
 * `undefined`: the zone is none of theirs.
 */
const CORRECTIONS: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  211: { "Africa/Nairobi": "Africa/Juba" },
  212: { "Atlantic/Canary": "Africa/Casablanca" },
  213: { "Europe/Paris": "Africa/Algiers" },
  218: { "Europe/Bucharest": "Africa/Tripoli" },
  505: { "America/Chicago": "America/Managua" },
  52: { "America/New_York": "America/Cancun" },
  7: { "Europe/Bucharest": "Europe/Kaliningrad" },
  7840: { "Europe/Bucharest": undefined },
  970: { "Europe/Bucharest": "Asia/Gaza" },
};

/** The same with what is known better here. */
export function correctedZones(ranges: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  return new Map([...ranges].map(([prefix, zones]) => [prefix, corrected(prefix, zones)]));
}

function corrected(prefix: string, zones: readonly string[]): string[] {
  for (let length = prefix.length; length > 0; length--) {
    const found = CORRECTIONS[prefix.slice(0, length)];
    if (found === undefined) continue;
    return [...new Set(zones.flatMap((zone) => (Object.hasOwn(found, zone) ? (found[zone] ?? []) : zone)))];
  }
  return [...zones];
}
