import { formatMoney } from "../catalog/money.ts";
import { type Counts, changeKinds, type PriceDifference, type PricePoint } from "./compare-lists.ts";

/** `rose    26201 Telekom  0.05 on delivery -> 0.06 from 2027-02-01  +20 %` */
export function priceLine({ kind, key, name, before, after, percent }: PriceDifference): string {
  const [old, now] = [before, after].map(pointText);
  const change = percent === undefined || percent === 0 ? "" : `  ${percentText(percent)}`;
  return `${kind.padEnd(7)} ${key === "*" ? "elsewhere" : key}${name === "" ? "" : ` ${name}`}  ${old} -> ${now}${change}`;
}

function pointText(point: PricePoint | undefined): string {
  if (point === undefined) return "-";
  const later = point.charged === "delivery" ? " on delivery" : "";
  return `${formatMoney(point.price)}${later}${point.from === undefined ? "" : ` from ${point.from}`}`;
}

/** `3 rose, 0 fell, …` */
export const countsText = (counts: Counts): string => changeKinds.map((kind) => `${counts[kind]} ${kind}`).join(", ");
/** `+20 %` */
export const percentText = (percent: number): string => `${percent > 0 ? "+" : ""}${percent} %`;
