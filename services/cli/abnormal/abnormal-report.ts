import type { SaidSuspicion } from "../../../pipeline/follow/suspicion-board.ts";
import { fateOf } from "../../../pipeline/follow/suspicion-fate.ts";

const MINUTE_MS = 60_000;
/** Two lines of text. */
export function suspicionText(suspicion: SaidSuspicion, now: number): string {
  const { kind, level, subject, measure, expected, seen, surprise, hourly, since, minute } = suspicion;
  const { account, country, range, sender, provider } = subject;
  const who = [
    ...(account !== undefined ? [`account ${account}`] : kind === "pumping" ? ["many accounts"] : []),
    ...(provider === undefined ? [] : [`provider ${provider}`]),
    ...(country === undefined ? [] : [country]),
    ...(range === undefined ? [] : [`numbers +${range}…`]),
    ...(sender === undefined ? [] : [`from ${sender}`]),
  ];
  const money = Object.entries(hourly).map(
    ([currency, amount]) => `, ${(amount / 1e6).toFixed(2)} ${currency} an hour`,
  );
  return [
    `${level} ${kind}: ${who.join(", ")}; since ${timeText(since)}, last seen ${timeText(minute)}, ${fateOf(suspicion, now)}`,
    `  ${measure}: ${figure(seen)} instead of ${figure(expected)} (${surprise.toFixed(0)} nats)${money.join("")}`,
  ].join("\n");
}

const timeText = (minute: number): string => `${new Date(minute * MINUTE_MS).toISOString().slice(0, 16)}Z`;
const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2))));
