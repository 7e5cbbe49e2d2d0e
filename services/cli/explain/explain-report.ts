import type { ExplainedCandidate, Explanation } from "../../../domain/routing/explain.ts";

/** Numbers with so many digits say enough. */
const DIGITS = 6;
/** Providers that are named of those that are no candidates. */
const NAMED = 10;

/** How a network is known. */
const SOURCES = { prefix: "by its prefix", lookup: "by a look-up", learned: "as receipts said" } as const;

/** Where what an explanation says comes from. */
export interface ExplainSources {
  readonly catalog: string;
  readonly health: string;
}

/** An explanation for people. */
export function explainTable(explanation: Explanation, sources: ExplainSources): string {
  const { to, country, network, account, lane, from, sentAs, at, holds, route, notes } = explanation;
  const where =
    network === null
      ? `${country}, no network known`
      : `${country}, network ${`${network.mccMnc} ${network.name}`.trim()} (${SOURCES[network.source]})`;
  const rows: [string, string][] = [
    ["to", `${to}: ${where.trim()}`],
    ["message", messageText(explanation)],
    [
      "sent as",
      `lane ${lane}, account ${account ?? "any"}, sender ${from ?? "the provider's own"}${sentAs === null ? "" : `, goes out as ${sentAs}`}`,
    ],
    ["decided at", at],
    ...holds.map(({ until, detail }): [string, string] => [until === null ? "ends" : "waits", detail]),
    ["catalog", sources.catalog],
    ["health", sources.health],
    [
      "route",
      route === null ? "none: no route's conditions hold" : `${route.id}, number ${route.place}, ${route.strategy}`,
    ],
    ...(route?.conditions ?? []).map(({ condition, met }): [string, string] => ["  holds", `${condition}: ${met}`]),
    ["provider", providerText(explanation)],
  ];
  return [
    ...rows.map(([name, value]) => `${name.padEnd(12)}${value}`),
    ...candidateTable(explanation),
    ...otherLines(explanation),
    ...notes.map((note) => `note: ${note}`),
  ].join("\n");
}

function messageText({ encoding, segments, segmentsSaved, ucs2 }: Explanation): string {
  const takes = `${encoding}, ${segmentsText(segments)}`;
  if (segmentsSaved > 0) return `${takes}, ${segmentsSaved} fewer than the text as given`;
  if (ucs2 === null) return takes;
  const { character, codePoint, index, others, segmentsTransliterated: fewer } = ucs2;
  const more = others === 0 ? "" : ` and ${others} ${others === 1 ? "other" : "others"}`;
  const could = fewer === undefined ? "" : `; ${segmentsText(fewer)} with --transliterate`;
  return `${takes}, for ${JSON.stringify(character)} (${codePoint}) at ${index}${more}${could}`;
}

function segmentsText(segments: number): string {
  return `${segments} ${segments === 1 ? "segment" : "segments"}`;
}

function providerText({ provider, reason }: Explanation): string {
  return provider === null ? `none: ${reason}` : `${provider}, by ${reason}`;
}

function candidateTable({ candidates, route }: Explanation): string[] {
  if (candidates.length === 0 || route === null) return [];
  const said = candidates.some(({ delivery }) => delivery !== null);
  const told = candidates.some(({ conversion }) => conversion !== null);
  const more = <T>(delivery: T, conversion: T) => [...(said ? [delivery] : []), ...(told ? [conversion] : [])];
  const head = ["", "verdict", "price", "score", "circuit", "backlog", "rate", ...more("delivers", "converts")];
  const rows = [head, ...candidates.map((one) => [...cells(one), ...more(delivers(one), converts(one))])];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd());
  const scored = candidates.some(({ score }) => score !== null);
  return ["", ...lines, ...(scored ? [`  score: ${route.score}`] : []), ""];
}

function cells({ provider, verdict, price, currency, charged, score, health }: ExplainedCandidate): string[] {
  const known =
    health === null
      ? ["never heard of", "", ""]
      : [
          health.reason === null ? health.circuit : `${health.circuit} (${health.reason})`,
          `${short(health.backlogSeconds)} s`,
          `${short(health.rate ?? 0)}/s`,
        ];
  return [
    provider,
    verdict,
    price === null ? "none" : `${price} ${currency}${charged === "delivery" ? " on delivery" : ""}`,
    score === null ? "" : short(score),
    ...known,
  ];
}

function delivers({ delivery }: ExplainedCandidate): string {
  if (delivery === null) return "no receipts yet";
  const { probability, p95Ms, share } = delivery;
  const time = p95Ms === null ? "" : `, 95 % of them within ${short(Math.round(p95Ms / 100) / 10)} s`;
  const left = share === 1 ? "" : share === 0 ? "; left, its receipts have collapsed" : `; has ${short(100 * share)} %`;
  return `${(100 * probability).toFixed(1)} %${time}${left}`;
}

function converts({ conversion }: ExplainedCandidate): string {
  if (conversion === null) return "nothing told";
  const { probability, told, suspect } = conversion;
  const doubt = suspect ? "; suspect: far fewer than of the others, and receipts say that it delivers" : "";
  return `${(100 * probability).toFixed(1)} %, of ${short(told)} told${doubt}`;
}

function otherLines({ others }: Explanation): string[] {
  return (["not-in-route", "removed"] as const).flatMap((verdict) => {
    const ids = others.filter((other) => other.verdict === verdict).map(({ provider }) => provider);
    const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : "";
    const what = verdict === "removed" ? "removed, taking nothing new" : "not in this route";
    return ids.length === 0 ? [] : [`${what}: ${ids.slice(0, NAMED).join(", ")}${more}`];
  });
}

function short(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}
