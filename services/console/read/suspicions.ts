import type { Abnormality, Level, Subject } from "../../../domain/abnormal/suspicion.ts";
import type { SaidSuspicion } from "../../../pipeline/follow/suspicion-board.ts";
import { fateOf } from "../../../pipeline/follow/suspicion-fate.ts";
import { mayAs, type Role, shownAddress } from "../access/roles.ts";

/** Something abnormal that goes on, for people. */
export interface ShownSuspicion {
  readonly kind: Abnormality;
  readonly level: Level;
  readonly account: string | null;
  readonly provider: string | null;
  readonly country: string | null;
  /** First digits of numbers, with the plus. */
  readonly range: string | null;
  readonly sender: string | null;
  /** What the kind means, and what was compared with what. */
  readonly words: string;
  /** How surprising it is, nats: from 30 on a warning, from 60 critical. */
  readonly score: number;
  /** What goes on being spent in an hour, by currency, decimal texts. */
  readonly hourly: Readonly<Record<string, string>>;
  /** Epoch ms: first found, found last, and said last. */
  readonly since: number;
  readonly seenAt: number;
  readonly saidAt: number;
}

export interface ShownSuspicions {
  /** The one of which there is the newest word first. */
  readonly open: readonly ShownSuspicion[];
  /** Further ones that are open. */
  readonly more: number;
  /** Not over, and nothing was said of them for half an hour: whoever watches may be away. */
  readonly silent: number;
}

const MOST = 100;
const MINUTE_MS = 60_000;
const MICRO = 1e6;
/** Digits of a range that viewers see, as of numbers. */
const SHOWN_DIGITS = 5;

const MEANING: Readonly<Record<Abnormality, string>> = {
  pumping: "Codes go to few ranges of numbers, as when somebody earns by them",
  burst: "The account sends far more than it ever does",
  "stolen-key": "The account sends to countries, or as senders, that it never had, as when its key is another's",
  "grey-route": "Far fewer of the provider's messages have an effect than of the others', as when it sells them on",
  "forged-receipts": "The provider's receipts come as those of handsets do not, as when it makes them up",
};

/** Those that go on, as the role may see them. `now`: epoch ms by the brokers' clock. */
export function shownSuspicions(all: readonly SaidSuspicion[], role: Role, now: number): ShownSuspicions {
  const open = all.filter((one) => fateOf(one, now) === "open").reverse();
  return {
    open: open.slice(0, MOST).map((one) => shown(one, role)),
    more: Math.max(0, open.length - MOST),
    silent: all.filter((one) => fateOf(one, now) === "silent").length,
  };
}

function shown({ kind, level, subject, measure, expected, seen, ...one }: SaidSuspicion, role: Role): ShownSuspicion {
  const { account = null, provider = null, country = null, sender } = subject;
  return {
    ...{
      kind,
      level,
      account,
      provider,
      country,
      range: rangeOf(subject, role),
      sender: sender === undefined ? null : shownAddress(sender, role),
    },
    words: `${MEANING[kind]}. ${measure}: ${figure(seen)} instead of ${figure(expected)}.`,
    score: Math.round(one.surprise),
    hourly: Object.fromEntries(
      Object.entries(one.hourly).map(([currency, amount]) => [currency, (amount / MICRO).toFixed(2)]),
    ),
    since: one.since * MINUTE_MS,
    seenAt: one.minute * MINUTE_MS,
    saidAt: one.saidAt,
  };
}

/** Nobody's number: its last four digits are not there. Viewers see of it what they see of numbers. */
function rangeOf({ range }: Subject, role: Role): string | null {
  if (range === undefined) return null;
  return `+${mayAs(role, "operator") ? range : range.slice(0, SHOWN_DIGITS)}…`;
}

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2))));
