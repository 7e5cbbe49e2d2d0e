import type { Region } from "../catalog/region.ts";
import type { RouteConditions } from "../catalog/route.ts";
import type { TimeWindow } from "../catalog/time-window.ts";
import { testOf } from "./conditions.ts";
import type { MessageFacts } from "./message-facts.ts";

/** A condition of a route and which of its entries the message met. */
export interface HeldCondition {
  readonly condition: keyof RouteConditions;
  readonly met: string;
}

/** Which entry of each condition of a route holds for a message that the route is for. */
export function heldConditions(
  when: RouteConditions,
  facts: MessageFacts,
  regions: readonly Region[] = [],
): HeldCondition[] {
  const region = when.regions?.find((id) =>
    regions.some((one) => one.id === id && (one.countries as readonly string[]).includes(facts.country)),
  );
  const prefixes = when.prefixes?.filter((prefix) => facts.destination.startsWith(prefix)) ?? [];
  const window = when.times?.find((one) => testOf({ times: [one] }, ["times"])!(facts));
  const met: Readonly<Record<keyof RouteConditions, string | undefined>> = {
    countries: facts.country,
    regions: region === undefined ? undefined : `${region} (${facts.country})`,
    mccMncs: facts.mccMnc,
    // Several may hold: the longest says most.
    prefixes: prefixes.sort((a, b) => b.length - a.length)[0],
    accounts: facts.account,
    lanes: facts.lane,
    senders: facts.from,
    labels: when.labels?.find((label) => testOf({ labels: [label] }, ["labels"])!(facts)),
    times: window && windowText(window),
  };
  return (Object.keys(met) as (keyof RouteConditions)[]).flatMap((condition) =>
    when[condition] === undefined ? [] : [{ condition, met: met[condition] ?? "" }],
  );
}

function windowText({ days, from, to, zone }: TimeWindow): string {
  return `${days.length === 7 ? "every day" : days.join(", ")} ${from} to ${to} ${zone}`;
}
