import { expect, test } from "vitest";
import type { Explanation } from "../../../domain/routing/explain.ts";

/** Modules of the page are scripts for browsers: what makes words of answers needs none. */
const page = (name: string) => import(new URL(`../../../services/console/page/${name}`, import.meta.url).href);

const answer: Explanation = {
  ...{ to: "+491713920012", country: "DE", network: null, account: "acme", lane: "otp", from: "ACME", sentAs: "4917" },
  ...{ encoding: "ucs2", segments: 3, segmentsSaved: 0, at: "2026-12-01T10:00:00.000Z", catalogVersion: 7 },
  ucs2: { character: "ł", codePoint: "U+0142", index: 4, others: 2, segmentsTransliterated: 1 },
  route: {
    ...{ id: "german-codes", place: 2, strategy: "least-cost", score: "price of a segment" },
    conditions: [
      { condition: "countries", met: "DE" },
      { condition: "labels", met: "kind=code" },
    ],
  },
  ...{ provider: "smsc-a", reason: "cheapest" as never, candidates: [], others: [], notes: [], holds: [] },
};

async function words(over: Partial<Explanation> = {}): Promise<Record<string, string>> {
  const { facts } = await page("explanation.js");
  return Object.fromEntries(facts({ ...answer, ...over }));
}

test("an explanation says what the text takes and why, how it is sent, and by which of the route's conditions", async () => {
  expect(await words()).toMatchObject({
    Message: "UCS-2, 3 segments, for “ł” (U+0142) at 4 and 2 others; 1 segment with transliterate",
    Sender: "ACME, goes out as 4917",
    Route: "german-codes, number 2, least-cost",
    "Holds since": "countries: DE; labels: kind=code",
    Catalog: "version 7",
  });
  expect((await words({ segmentsSaved: 2, segments: 1, encoding: "gsm7", ucs2: null })).Message).toBe(
    "gsm7, 1 segment, 2 fewer than the text as given",
  );
  expect(await words({ route: null, from: null, sentAs: null })).toMatchObject({
    Route: "none: no route's conditions hold",
    Sender: "the provider's own",
  });
});

test("a candidate's deliveries and conversions are said with what is wrong with them", async () => {
  const { deliveryWords, conversionWords } = await page("explanation.js");
  const delivery = { probability: 0.982, p95Ms: 12_000, share: 0.4 };
  expect(deliveryWords({ delivery })).toBe("98.2 %, 95 of 100 within 12 s; has 40.0 % of its traffic");
  expect(deliveryWords({ delivery: { ...delivery, p95Ms: null, share: 0 } })).toBe(
    "98.2 %; left, its receipts have collapsed",
  );
  expect(deliveryWords({ delivery: null })).toBe("no receipts yet");
  expect(conversionWords({ conversion: { probability: 0.12, told: 40, suspect: true } })).toBe(
    "12.0 %, of 40 told; suspect: far fewer than of the others, though receipts say that it delivers",
  );
  expect(conversionWords({ conversion: null })).toBe("nothing told");
});

test("a quota stands with what has been used of it", async () => {
  const { quotaWords } = await page("quota-words.js");
  expect(quotaWords(1_200, 5_000)).toBe("1,200 of 5,000 segments");
  expect(quotaWords(1_200, null)).toBe("1,200 segments");
});

test("labels are read as people type them", async () => {
  const { labelsByName, readLabels } = await page("labels-field.js");
  expect(readLabels(" campaign=spring, kind=a=b ,")).toEqual(["campaign=spring", "kind=a=b"]);
  expect(labelsByName("campaign=spring, kind=a=b")).toEqual({ campaign: "spring", kind: "a=b" });
  expect(() => readLabels("campaign")).toThrow("Labels: campaign: name=value is needed");
  expect(() => labelsByName("a=1,a=2")).toThrow("Labels: a is given twice.");
});

test("a routed step says who was not taken, and why", async () => {
  const { stepWords } = await page("step-words.js");
  const routed = { type: "routed", attempt: 1, provider: "smsc-a", route: "codes", reason: "least-cost" };
  expect(stepWords(routed)).toBe("smsc-a · by route codes · because: least-cost");
  expect(stepWords({ ...routed, verdicts: "smsc-b: dearer, smsc-c: circuit-open" })).toBe(
    "smsc-a · by route codes · because: least-cost · not taken: smsc-b: dearer, smsc-c: circuit-open",
  );
});

test("a provider says which networks it holds back, and why", async () => {
  const { heldWords } = await page("held-words.js");
  expect(heldWords([])).toBe("");
  expect(
    heldWords([
      { network: "26201", name: "Telekom", reason: "rate", waiting: 1_200 },
      { network: "FR", name: "", reason: "throttled", waiting: 1 },
    ]),
  ).toBe("held back: 26201 Telekom (at its rate by the catalog, 1,200 waiting), FR (throttled alone, 1 waiting)");
});

test("below a chart stand clocks, and the day where it begins; days alone where a step is a day", async () => {
  const { axisTimes } = await page("chart.js");
  const noon = new Date(2026, 10, 30, 12, 5).getTime() / 1_000;
  const times = [0, 8, 16].map((hours) => noon + hours * 3_600);
  expect(axisTimes(times, 28_800)).toEqual(["12:05\n2026-11-30", "20:05", "04:05\n2026-12-01"]);
  const halves = [0, 30, 60].map((seconds) => noon + seconds);
  expect(axisTimes(halves, 30), "a minute is said once").toEqual(["12:05\n2026-11-30", "", "12:06"]);
  expect(axisTimes(times, 86_400)).toEqual(["2026-11-30", "2026-11-30", "2026-12-01"]);
});

test("the overview says that all are up only where all have been heard of", async () => {
  const { verdictOf } = await page("conditions.js");
  const provider = (id: string, condition: string, reason: string | null = null) => ({ id, condition, reason });
  const catalog = { trouble: null };
  const [up, unused] = [provider("a", "up"), provider("b", "unused")];
  expect(verdictOf({ providers: [up, unused], catalog })).toEqual({ tone: "good", text: "● All providers are up." });
  expect(verdictOf({ providers: [up, provider("c", "unheard")], catalog })).toEqual({
    ...{ tone: "warn", text: "! not heard of yet: c" },
  });
  const dark = provider("d", "dark", "no answers");
  expect(verdictOf({ providers: [provider("e", "trying"), dark, up], catalog: { trouble: "version 4: no" } })).toEqual({
    ...{ tone: "bad", text: "✕ d is dark: no answers · e is being tried · the catalog: version 4: no" },
  });
});
