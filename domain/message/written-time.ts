/** How a time may be written beside RFC 3339 with a zone. */
export interface TimeForms {
  /** A day alone counts, as its first moment in UTC. */
  readonly days?: boolean;
  /** As tables write it: a blank for the T, `UTC` for the Z, offsets without a colon, and UTC where no zone stands. */
  readonly tables?: boolean;
}

/** `at`: epoch ms. `reason`: for people, without the text itself. */
export type WrittenTime = { readonly ok: true; readonly at: number } | { readonly ok: false; readonly reason: string };

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?$/;
const WITH_ZONE = "a time with its zone, such as 2026-01-31T12:00:00Z";
const DAY_OR_TIME = "a date, or a time with its zone such as 2026-01-31T12:00:00Z";

/** Reads a time that somebody has written. A day or an hour that does not exist is none: 30 February is no day of March. */
export function readWrittenTime(text: unknown, { days = false, tables = false }: TimeForms = {}): WrittenTime {
  const given = typeof text === "string" ? (tables ? asInRfc3339(text) : text) : "";
  if (days && DAY.test(given)) return firstMomentOf(given);
  const [, day, hour, minute, second = "00", fraction = "", zone = tables ? "Z" : ""] = TIME.exec(given) ?? [];
  if (day === undefined) return no(days ? DAY_OR_TIME : WITH_ZONE);
  const begin = firstMomentOf(day);
  if (!begin.ok) return begin;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return no(`there is no time of day ${hour}:${minute}:${second}`);
  if (zone === "") return no("it says no zone: Z for UTC, or an offset such as +01:00, belongs behind it");
  const offset = offsetOf(zone);
  if (offset === undefined) return no(`there is no offset ${zone}`);
  const seconds = (Number(hour) * 60 + Number(minute) - offset) * 60 + Number(second);
  return { ok: true, at: begin.at + seconds * 1_000 + Number(fraction.slice(0, 3).padEnd(3, "0")) };
}

/** Minutes by which a zone is ahead of UTC. */
function offsetOf(zone: string): number | undefined {
  if (zone === "Z") return 0;
  const [hours, minutes] = zone.slice(1).split(":").map(Number);
  if (hours! > 23 || minutes! > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours! * 60 + minutes!);
}

function firstMomentOf(day: string): WrittenTime {
  const [, , month, date] = DAY.exec(day)!.map(Number);
  const at = Date.parse(`${day}T00:00:00Z`);
  const found = new Date(at);
  // Date.parse makes a day of March of 30 February, and nothing of a 13th month.
  if (found.getUTCMonth() !== month! - 1 || found.getUTCDate() !== date) return no(`there is no day ${day}`);
  return { ok: true, at };
}

function asInRfc3339(text: string): string {
  return text
    .replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, "$1T")
    .replace(/ ?UTC$/, "Z")
    .replace(/([+-]\d\d)(\d\d)$/, "$1:$2");
}

function no(reason: string): WrittenTime {
  return { ok: false, reason };
}
