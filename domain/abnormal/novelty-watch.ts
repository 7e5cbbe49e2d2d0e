import { BoundedMap } from "./bounded-map.ts";
import { DecayedCount } from "./decayed-count.ts";
import { Spending } from "./spending.ts";
import { excess } from "./surprise.ts";
import type { Finding } from "./suspicion.ts";
import type { SentTraffic, TrafficMinute } from "./traffic-minute.ts";

const HOUR = 60;
const DAY = 24 * HOUR;
export const ACCOUNTS = 2_000;
/** Countries and senders that are remembered of each account: of countries there are no more. */
export const KNOWN_COUNTRIES = 250;
export const KNOWN_SENDERS = 100;
/** An account has habits after so many minutes. */
const KNOWN_AFTER = 3 * DAY;
/** A country or a sender is new to it for so long; several countries at once count for so long. */
const NEW_FOR = DAY;
const AT_ONCE = 6 * HOUR;
const HALF_LIFE = 30;
/** Messages of a new sender to new countries, or to each of two new countries, that are no chance. */
const STRANGE = 8;
const EACH = 6;
const COUNTRIES = 32;
const UNSEEN = Number.NEGATIVE_INFINITY;

/** Figures of all that is remembered of accounts, as those of a map. */
interface Memory {
  size: number;
  readonly limit: number;
  evicted: number;
}

/** The countries, or the senders, that an account has had, each with the minute of the first time. */
class Known {
  private readonly firsts: BoundedMap<{ minute: number }>;
  private readonly memory: Memory;

  constructor(limit: number, memory: Memory) {
    this.firsts = new BoundedMap(limit, () => ({ minute: UNSEEN }));
    this.memory = memory;
  }

  get size(): number {
    return this.firsts.size;
  }

  /** False also where there is no room for it: it may have been here before, and have been forgotten. */
  isNew(name: string, minute: number): boolean {
    const { size, evicted } = this.firsts;
    const first = this.firsts.claim(name);
    this.memory.size += this.firsts.size - size;
    this.memory.evicted += this.firsts.evicted - evicted;
    if (first.minute === UNSEEN) first.minute = this.firsts.evicted > evicted ? minute - NEW_FOR : minute;
    return minute - first.minute < NEW_FOR;
  }
}

class Habits {
  first = -1;
  readonly knownCountries: Known;
  readonly knownSenders: Known;
  readonly strange = new DecayedCount(HALF_LIFE);
  readonly all = new DecayedCount(HALF_LIFE);
  readonly spending = new Spending(5);
  /** The countries that are new to it. */
  readonly countries = new Map<string, { readonly since: number; messages: number }>();

  constructor(memory: Memory) {
    this.knownCountries = new Known(KNOWN_COUNTRIES, memory);
    this.knownSenders = new Known(KNOWN_SENDERS, memory);
  }
}

/** Finds accounts that do what they never did: new senders to new countries, or several new countries at once, as with a key that was stolen. */
export class NoveltyWatch {
  private readonly known: Memory = { size: 0, limit: ACCOUNTS * (KNOWN_COUNTRIES + KNOWN_SENDERS), evicted: 0 };
  private readonly accounts = new BoundedMap(
    ACCOUNTS,
    () => new Habits(this.known),
    ({ knownCountries, knownSenders }) => {
      this.known.size -= knownCountries.size + knownSenders.size;
    },
  );
  readonly memory: readonly Readonly<Memory>[] = [this.accounts, this.known];

  see({ minute, sent }: TrafficMinute): Finding[] {
    const touched = new Map<Habits, SentTraffic>();
    for (const row of sent) {
      const habits = this.accounts.claim(row.account);
      if (habits.first < 0) habits.first = minute;
      habits.all.add(minute, row.messages);
      const newCountry = habits.knownCountries.isNew(row.country, minute);
      const newSender = habits.knownSenders.isNew(row.sender, minute);
      if (!newCountry || minute - habits.first < KNOWN_AFTER) continue;
      if (newSender) habits.strange.add(minute, row.messages);
      habits.spending.add(minute, row.cost, row.currency);
      let country = habits.countries.get(row.country);
      if (country === undefined || minute - country.since >= NEW_FOR) {
        habits.countries.delete(row.country);
        if (habits.countries.size >= COUNTRIES) habits.countries.delete(habits.countries.keys().next().value!);
        country = { since: minute, messages: 0 };
        habits.countries.set(row.country, country);
      }
      country.messages += row.messages;
      touched.set(habits, row);
    }
    return [...touched].map(([habits, row]) => judged(habits, row, minute)).filter((finding) => finding !== undefined);
  }
}

function judged(habits: Habits, { account, country, sender }: SentTraffic, minute: number): Finding | undefined {
  const strange = habits.strange.get(minute);
  const several = [...habits.countries.values()].filter(
    ({ since, messages }) => minute - since < AT_ONCE && messages >= EACH,
  );
  const isStrange = strange >= STRANGE;
  if (!isStrange && several.length < 2) return undefined;
  const seen = isStrange ? strange : several.reduce((sum, { messages }) => sum + messages, 0);
  const expected = 0.2 + 0.01 * habits.all.get(minute);
  return {
    kind: "stolen-key",
    subject: isStrange ? { account, country, sender } : { account, country },
    measure: isStrange
      ? "messages of a sender that is new to the account, to countries that are new to it"
      : `messages to ${several.length} countries that are new to the account`,
    expected,
    seen,
    surprise: excess(seen, expected),
    hourly: habits.spending.hourly(minute),
  };
}
