import { el, table } from "./elements.js";
import { count, millis, moment, percent, rate } from "./format.js";

/** How a network is known. */
const SOURCES = { prefix: "by its prefix", lookup: "by a look-up", learned: "as receipts said" };
/** Providers that are named of those that are no candidates. */
const NAMED = 20;

/** What would become of a message, and why: all that the answer says. */
export function explanation(answer) {
  const { provider, reason, route, candidates, others, notes } = answer;
  return el(
    "section",
    { class: "card explanation" },
    // The line is read out; what stands below is for who wants to know.
    el(
      "div",
      { role: "status" },
      el("h2", {}, provider === null ? `No provider: ${reason}` : `${provider}: ${reason}`),
    ),
    el(
      "dl",
      {},
      facts(answer).flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]),
    ),
    candidateTable(candidates, route),
    othersLine(others, "not-in-route", "Not in this route"),
    othersLine(others, "removed", "Removed from the catalog, taking nothing new"),
    notes.length === 0
      ? null
      : el(
          "ul",
          {},
          notes.map((note) => el("li", {}, note)),
        ),
  );
}

/** The answer's single facts, each as name and words. */
export function facts(answer) {
  const { to, country, network, account, lane, from, sentAs, at, holds, route, catalogVersion } = answer;
  const where =
    network === null ? "no network known" : `${network.name || network.mccMnc} (${SOURCES[network.source]})`;
  return [
    ["To", `${to} · ${country} · ${where}`],
    ["Message", messageWords(answer)],
    ["Lane and account", `${lane} · ${account ?? "no account"}`],
    ["Sender", `${from ?? "the provider's own"}${sentAs === null ? "" : `, goes out as ${sentAs}`}`],
    ["Decided for", moment(at)],
    ...holds.map(({ until, detail }) => [until === null ? "Ends" : "Waits", detail]),
    ["Catalog", catalogVersion === 0 ? "of the files" : `version ${catalogVersion}`],
    [
      "Route",
      route === null ? "none: no route's conditions hold" : `${route.id}, number ${route.place}, ${route.strategy}`,
    ],
    ...(route === null ? [] : [["Holds since", conditions(route)]]),
  ];
}

function conditions({ conditions: held }) {
  return held.length === 0
    ? "it has no conditions"
    : held.map(({ condition, met }) => (met === "" ? condition : `${condition}: ${met}`)).join("; ");
}

/** `UCS-2, 3 segments, for “ł” (U+0142) at 4 and 2 others; 1 segment with transliterate`. */
function messageWords({ encoding, segments, segmentsSaved, ucs2 }) {
  const takes = `${encoding === "ucs2" ? "UCS-2" : encoding}, ${segmentWords(segments)}`;
  if (segmentsSaved > 0) return `${takes}, ${segmentsSaved} fewer than the text as given`;
  if (ucs2 === null) return takes;
  const { character, codePoint, index, others, segmentsTransliterated: fewer } = ucs2;
  const more = others === 0 ? "" : ` and ${others} ${others === 1 ? "other" : "others"}`;
  const could = fewer === undefined ? "" : `; ${segmentWords(fewer)} with transliterate`;
  return `${takes}, for “${character}” (${codePoint}) at ${index}${more}${could}`;
}

function segmentWords(segments) {
  return `${count(segments)} ${segments === 1 ? "segment" : "segments"}`;
}

function candidateTable(candidates, route) {
  const shown = table(
    "Candidates",
    [
      { title: "Provider", of: (row) => row.provider },
      { title: "Verdict", of: ({ verdict }) => verdict },
      { title: "Price", number: true, of: priceWords },
      { title: "Score", number: true, of: ({ score }) => (score === null ? "–" : score.toPrecision(4)) },
      { title: "Circuit", of: circuitWords },
      {
        title: "Waiting",
        number: true,
        of: ({ health }) => (health === null ? "–" : millis(health.backlogSeconds * 1_000)),
      },
      { title: "May", number: true, of: ({ health }) => (health?.rate === undefined ? "–" : `${rate(health.rate)}/s`) },
      { title: "Delivers", of: deliveryWords },
      { title: "Converts", of: conversionWords },
    ],
    candidates,
    { empty: "No route, and so no candidate." },
  );
  const scored = route !== null && candidates.some(({ score }) => score !== null);
  return [shown, scored ? el("p", { class: "muted" }, `Score: ${route.score}.`) : null];
}

function priceWords({ price, currency, charged }) {
  return price === null ? "–" : `${price} ${currency}${charged === "delivery" ? " on delivery" : ""}`;
}

function circuitWords({ health }) {
  if (health === null) return "not heard of";
  return health.reason === null ? health.circuit : `${health.circuit}: ${health.reason}`;
}

/** `98.2 %, 95 of 100 within 12 s; has 40 % of its traffic`. */
export function deliveryWords({ delivery }) {
  if (delivery === null) return "no receipts yet";
  const { probability, p95Ms, share } = delivery;
  const time = p95Ms === null ? "" : `, 95 of 100 within ${millis(p95Ms)}`;
  const left =
    share === 1 ? "" : share === 0 ? "; left, its receipts have collapsed" : `; has ${percent(share)} of its traffic`;
  return `${percent(probability)}${time}${left}`;
}

/** `12.0 %, of 40 told; suspect: …`. */
export function conversionWords({ conversion }) {
  if (conversion === null) return "nothing told";
  const { probability, told, suspect } = conversion;
  const doubt = suspect ? "; suspect: far fewer than of the others, though receipts say that it delivers" : "";
  return `${percent(probability)}, of ${count(told)} told${doubt}`;
}

function othersLine(others, verdict, title) {
  const ids = others.filter((other) => other.verdict === verdict).map(({ provider }) => provider);
  if (ids.length === 0) return null;
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : "";
  return el("p", { class: "muted" }, `${title}: ${ids.slice(0, NAMED).join(", ")}${more}.`);
}
