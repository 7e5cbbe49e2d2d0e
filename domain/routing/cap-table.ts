import { type Cap, type CapReaction, reactionOf } from "../catalog/cap.ts";
import { countriesOf, type Region } from "../catalog/region.ts";
import { senderKey } from "../catalog/sender-place.ts";
import type { CapCount } from "./cap-count.ts";
import { labelOf } from "./conditions.ts";
import type { MessageFacts } from "./message-facts.ts";

/** A count that a message belongs to. */
export interface CapUse {
  readonly cap: Cap;
  /** What it is of: the sender, or the account and its campaign. */
  readonly value: string;
  /** Whose message it is. */
  readonly account: string;
}

/** A cap that leaves no room for a message. */
export interface FullCap {
  readonly cap: string;
  readonly reaction: CapReaction;
  /** When there is room again, epoch ms. */
  readonly until: number;
  /** For people. */
  readonly reason: string;
}

/** What has been counted, by all routers as far as it is known. `now`: epoch ms. */
export type CountOf = (use: CapUse, now: number) => CapCount;

interface CompiledCap {
  readonly cap: Cap;
  readonly holds: (facts: MessageFacts) => boolean;
  readonly only: ReadonlySet<string> | undefined;
}

/** The caps of a catalog. */
export class CapTable {
  private readonly senders: readonly CompiledCap[];
  private readonly campaigns: readonly CompiledCap[];

  constructor(caps: readonly Cap[], regions: readonly Region[]) {
    const compiled = caps.map((cap) => compile(cap, regions));
    this.senders = compiled.filter(({ cap }) => cap.of === "sender");
    this.campaigns = compiled.filter(({ cap }) => cap.of === "campaign");
  }

  /** The counts that a message belongs to when it goes out from this sender. */
  usesOf(facts: MessageFacts, sender: string | undefined): CapUse[] {
    return [...this.campaignsOf(facts), ...this.sendersOf(facts, sender)];
  }

  /** The first cap of campaigns without room for the message. */
  fullCampaign(facts: MessageFacts, countOf: CountOf): FullCap | undefined {
    return firstFull(this.campaignsOf(facts), facts, countOf);
  }

  /** The first cap of senders without room for the message from this one. */
  fullSender(facts: MessageFacts, sender: string, countOf: CountOf): FullCap | undefined {
    return firstFull(this.sendersOf(facts, sender), facts, countOf);
  }

  private campaignsOf(facts: MessageFacts): CapUse[] {
    return this.campaigns.flatMap(({ cap, holds, only }) => {
      const campaign = labelOf(facts, cap.label ?? "campaign");
      if (campaign === undefined || campaign === "" || only?.has(campaign) === false || !holds(facts)) return [];
      return [{ cap, value: `${facts.account}/${campaign}`, account: facts.account }];
    });
  }

  private sendersOf(facts: MessageFacts, sender: string | undefined): CapUse[] {
    if (sender === undefined || this.senders.length === 0) return [];
    // Carriers that hold a name to its cap do not ask for its capitals.
    const value = senderKey(sender, true);
    return this.senders.flatMap(({ cap, holds, only }) =>
      only?.has(value) === false || !holds(facts) ? [] : [{ cap, value, account: facts.account }],
    );
  }
}

/** The table of these caps; undefined where there are none, so that nothing is looked up for them. */
export function capTable(caps: readonly Cap[] | undefined, regions: readonly Region[]): CapTable | undefined {
  return caps === undefined || caps.length === 0 ? undefined : new CapTable(caps, regions);
}

/** What a message counts as. */
export function weightOf({ count }: Cap, { segments = 1 }: MessageFacts): number {
  return count === "segments" ? segments : 1;
}

function compile(cap: Cap, regions: readonly Region[]): CompiledCap {
  const countries = setOf(countriesOf(cap, regions));
  const networks = setOf(cap.mccMncs);
  const accounts = setOf(cap.accounts);
  const only = cap.of === "sender" ? cap.only?.map((sender) => senderKey(sender, true)) : cap.only;
  return {
    cap,
    only: setOf(only),
    holds: ({ country, mccMnc, account }) =>
      countries?.has(country) !== false &&
      (networks === undefined || (mccMnc !== undefined && networks.has(mccMnc))) &&
      accounts?.has(account) !== false,
  };
}

function setOf(entries: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return entries && new Set(entries);
}

function firstFull(uses: readonly CapUse[], facts: MessageFacts, countOf: CountOf): FullCap | undefined {
  for (const use of uses) {
    const full = fullness(use, facts, countOf(use, facts.at));
    if (full !== undefined) return full;
  }
  return undefined;
}

/** A message that is more than all that may go in a period goes when nothing else has. */
function fullness({ cap, value }: CapUse, facts: MessageFacts, count: CapCount): FullCap | undefined {
  const more = weightOf(cap, facts);
  const exceeds = (had: number, max: number | undefined) => max !== undefined && had > 0 && had + more > max;
  const day = exceeds(count.day, cap.maxPerDay);
  if (!day && !exceeds(count.hour, cap.maxPerHour)) return undefined;
  const [had, period, until] = day ? [count.day, "day", count.dayEnd] : [count.hour, "hour", count.hourEnd];
  const reason = `cap ${cap.id}: ${had} ${cap.count} this ${period} ${cap.of === "sender" ? `from ${value}` : `for ${value}`}`;
  return { cap: cap.id, reaction: reactionOf(cap), until, reason };
}
