import { BoundedMap } from "./bounded-map.ts";
import { DecayedCount } from "./decayed-count.ts";
import { Spending } from "./spending.ts";
import { excess } from "./surprise.ts";
import type { Finding } from "./suspicion.ts";
import type { RangeTraffic, TrafficMinute } from "./traffic-minute.ts";

/** Half-lives of the windows, minutes: what begins at once shows in the first, what grows for days in the last. */
const WINDOWS = [5, 60, 720] as const;
const LONGEST = WINDOWS.length - 1;
const USUAL_HALF_LIFE = 7 * 1_440;
/** What came since about so long is not usual yet: it may be what grows for days, to a country where the account never sent before. */
const LEARNED_HALF_LIFE = 3 * 1_440;
export const PLACES = 8_000;
export const RANGES = 50_000;
/** What a range has of a country before anything is known: the largest ones of small countries have a twentieth. As messages. */
const PRIOR_SHARE = 0.05;
const PRIOR_MESSAGES = 20;
/** A range speaks when it has so many messages, so many times what is usual, and that is worth so many nats;
 * and nats enough for the number of messages, since among many ranges some have more by chance. */
const RANGE_LEAST = 4;
const RANGE_TIMES = 3;
const RANGE_NATS = 3;
/** In the longest window it speaks while it has so many in the one before, and more than its part there as well. */
const STILL = 2;
/** A country is told of when the ranges that speak have so many messages and nats together. */
const LEAST = 12;
const LEAST_NATS = 22;
/** The same where ranges had to make room of late, so that less is known of what they usually have. */
const LEAST_NATS_FORGETFUL = 40;
/** Ranges of an account and country that are looked at together. */
const HOT = 32;

const windows = (): readonly DecayedCount[] => WINDOWS.map((halfLife) => new DecayedCount(halfLife));

class RangeCounts {
  /** Of the account and country; undefined until it is counted there. */
  place: Place | undefined;
  /** Since when it is remembered, minute. */
  since = 0;
  readonly newest = windows();
  readonly recent = new DecayedCount(LEARNED_HALF_LIFE);
  readonly usual = new DecayedCount(USUAL_HALF_LIFE);
}

/** An account's otp in a country. */
class Place {
  readonly newest = windows();
  readonly recent = new DecayedCount(LEARNED_HALF_LIFE);
  readonly usual = new DecayedCount(USUAL_HALF_LIFE);
  readonly spending = new Spending(WINDOWS[0]);
  /** Its ranges that are remembered, and the minute in which one of them last had to make room for others. */
  remembered = 0;
  madeRoom = Number.NEGATIVE_INFINITY;
  /** The ranges that had more than their part of late, the newest of them last. */
  readonly hot = new Map<string, RangeCounts>();
}

/**
 * Finds one-time passwords that go to few ranges of numbers, as they do when somebody earns by the numbers: whatever the time
 * of the day, an account's recipients in a country are spread as they are spread. So a range's part of the country's messages is looked at, not its rate.
 */
export class RangeWatch {
  private readonly places = new BoundedMap(PLACES, () => new Place());
  private readonly ranges: BoundedMap<RangeCounts>;
  private minute = 0;
  readonly memory: readonly Pick<BoundedMap<unknown>, "size" | "limit" | "evicted">[];

  /** @param ranges pairs of an account and a range that are remembered */
  constructor(ranges = RANGES) {
    this.ranges = new BoundedMap(
      ranges,
      () => new RangeCounts(),
      ({ place }) => {
        if (place === undefined) return;
        place.remembered--;
        place.madeRoom = this.minute;
      },
    );
    this.memory = [this.places, this.ranges];
  }

  see({ minute, ranges }: TrafficMinute): Finding[] {
    this.minute = minute;
    const touched = new Map<Place, RangeTraffic>();
    for (const row of ranges) {
      const place = this.places.claim(`${row.account} ${row.country}`);
      const counts = this.ranges.claim(`${row.account} ${row.range}`);
      if (counts.place !== place) settle(counts, place, minute);
      place.spending.add(minute, row.cost, row.currency);
      for (const [w, count] of counts.newest.entries()) {
        count.add(minute, row.messages);
        place.newest[w]!.add(minute, row.messages);
      }
      for (const one of [counts, place]) {
        one.recent.add(minute, row.messages);
        one.usual.add(minute, row.messages);
      }
      if (WINDOWS.some((_, w) => speaks(place, counts, minute, w) !== undefined)) {
        heat(place, row.range, counts);
        touched.set(place, row);
      }
    }
    const findings: Finding[] = [];
    for (const [place, row] of touched) {
      const found = WINDOWS.map((_, w) => concentration(place, row, minute, w)).filter(
        (finding) => finding !== undefined,
      );
      found.sort((a, b) => b.surprise - a.surprise);
      if (found.length > 0) findings.push(found[0]!);
    }
    return findings;
  }
}

function settle(counts: RangeCounts, place: Place, minute: number): void {
  if (counts.place === undefined) counts.since = minute;
  else counts.place.remembered--;
  counts.place = place;
  place.remembered++;
}

function heat(place: Place, range: string, counts: RangeCounts): void {
  place.hot.delete(range);
  place.hot.set(range, counts);
  if (place.hot.size > HOT) place.hot.delete(place.hot.keys().next().value!);
}

/** What a range has in a window beyond its part of the country; undefined when that is nothing to speak of. */
function speaks(
  place: Place,
  counts: RangeCounts,
  minute: number,
  w: number,
): { count: number; usual: number; nats: number } | undefined {
  const count = counts.newest[w]!.get(minute);
  if (count < RANGE_LEAST) return undefined;
  const share = usualShare(place, counts, minute);
  if (w === LONGEST) {
    // Long ago is not now: what has stopped does not speak any more.
    const lately = counts.newest[w - 1]!.get(minute);
    if (lately < Math.max(STILL, RANGE_TIMES * share * place.newest[w - 1]!.get(minute))) return undefined;
  }
  const usual = share * place.newest[w]!.get(minute);
  if (count < RANGE_TIMES * usual) return undefined;
  const nats = excess(count, usual);
  return nats < Math.max(RANGE_NATS, Math.log(place.newest[w]!.get(minute))) ? undefined : { count, usual, nats };
}

function concentration(
  place: Place,
  { account, country }: RangeTraffic,
  minute: number,
  w: number,
): Finding | undefined {
  let [seen, expected, surprise, most, range] = [0, 0, 0, 0, ""];
  for (const [name, counts] of place.hot) {
    const said = speaks(place, counts, minute, w);
    if (said === undefined) continue;
    seen += said.count;
    expected += said.usual;
    surprise += said.nats;
    if (said.count > most) [most, range] = [said.count, name];
  }
  if (seen < LEAST || surprise < (forgets(place, minute) ? LEAST_NATS_FORGETFUL : LEAST_NATS)) return undefined;
  return {
    kind: "pumping",
    subject: { account, country, range },
    measure: `of ${Math.round(place.newest[w]!.get(minute))} otp messages into the country, those to few ranges of numbers`,
    expected,
    seen,
    surprise,
    hourly: place.spending.hourly(minute),
  };
}

/** The part of its country's messages that a range is expected to have. */
function usualShare(place: Place, counts: RangeCounts, minute: number): number {
  const known =
    (beforehand(counts, minute) + PRIOR_MESSAGES * PRIOR_SHARE) / (beforehand(place, minute) + PRIOR_MESSAGES);
  if (!forgets(place, minute) || minute - counts.since >= USUAL_HALF_LIFE) return known;
  // It may have been here before: what it had is forgotten then, and what its country had is not. So it is given what one of those remembered has.
  return Math.max(known, Math.min(PRIOR_SHARE, 1 / place.remembered));
}

/** Whether ranges of this country had to make room for others of late. */
function forgets(place: Place, minute: number): boolean {
  return minute - place.madeRoom < USUAL_HALF_LIFE;
}

/** What was counted long enough ago to be usual. */
function beforehand({ usual, recent }: RangeCounts | Place, minute: number): number {
  return Math.max(0, usual.get(minute) - recent.get(minute));
}
