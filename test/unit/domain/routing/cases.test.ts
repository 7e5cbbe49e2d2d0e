import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { formatMoney } from "../../../../domain/catalog/money.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { validateSendRequest } from "../../../../domain/message/validation.ts";
import { NOTHING_SEEN } from "../../../../domain/quality/delivery-node.ts";
import { CapPeriods } from "../../../../domain/routing/cap-count.ts";
import { chooseProvider } from "../../../../domain/routing/choose-provider.ts";
import type { DeliveryView } from "../../../../domain/routing/delivery-view.ts";
import { factsOf } from "../../../../domain/routing/message-facts.ts";

/** What people write: test/cases/routing/README.md. */
const health = z.strictObject({
  open: z.boolean().default(false),
  backlogSeconds: z.number().default(0),
  rate: z.number().optional(),
  segmentsThisMonth: z.number().optional(),
  /** Micro-units. */
  spentThisMonth: z.number().optional(),
  monthEnd: z.iso.datetime().transform(Date.parse).optional(),
});
/** What receipts say of a provider in the message's network and lane; by default nothing. */
const delivery = z.strictObject({
  probability: z.number().min(0).max(1),
  /** Submissions that this rests on. */
  of: z.number().default(1_000),
  p95Seconds: z.number().optional(),
  /** Of its traffic; less than 1 since its receipts collapsed. */
  share: z.number().default(1),
});
const caseSchema = z.strictObject({
  name: z.string(),
  message: z.strictObject({
    to: z.string(),
    account: z.string().default("acme"),
    from: z.string().optional(),
    lane: z.string().optional(),
    text: z.string().default("Hello"),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  at: z.iso.datetime().default("2026-01-05T12:00:00Z"),
  health: z.record(z.string(), health).default({}),
  delivery: z.record(z.string(), delivery).default({}),
  conversions: z.record(z.string(), z.strictObject({ told: z.number(), converted: z.number() })).default({}),
  tried: z.array(z.string()).default([]),
  refused: z.array(z.string()).default([]),
  counted: z.record(z.string(), z.strictObject({ hour: z.int(), day: z.int() })).default({}),
  draw: z.number().min(0).lt(1).default(0),
  expect: z
    .strictObject({
      route: z.string().nullable(),
      provider: z.string(),
      reason: z.string(),
      price: z.string(),
      sentAs: z.string().nullable(),
      until: z.string(),
      reaction: z.string(),
      verdicts: z.record(z.string(), z.string()),
    })
    .partial(),
});
const fileSchema = z.strictObject({
  about: z.string(),
  catalog: z.strictObject({
    accounts: z.array(z.unknown()).default([{ id: "acme", name: "Acme" }]),
    providers: z.array(z.looseObject({ kind: z.string().default("smpp"), id: z.string() })),
    routes: z.array(z.unknown()),
    regions: z.array(z.unknown()).optional(),
    rates: z.unknown().optional(),
    senders: z.array(z.unknown()).optional(),
    caps: z.array(z.unknown()).optional(),
  }),
  cases: z.array(caseSchema).default([]),
  refused: z.array(z.string()).optional(),
  warns: z.array(z.string()).optional(),
});
type File = z.output<typeof fileSchema>;
type Case = z.output<typeof caseSchema>;

const folder = resolve(import.meta.dirname, "../../../cases/routing");
const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const files = names.map((name) => ({ name, file: fileSchema.parse(parse(readFileSync(join(folder, name), "utf8"))) }));

/** How a provider is reached is nothing to its routes. */
const smpp = { host: "127.0.0.1", port: 2775, systemId: "sluice", password: "secret" };
const http = {
  baseUrl: "http://127.0.0.1",
  accountSid: "AC1",
  authToken: "secret",
  from: "12345",
};

function catalogOf({ catalog }: File) {
  const providers = catalog.providers.map((given) => ({
    rate: 100,
    currency: "EUR",
    ...(given.kind === "smpp"
      ? { smpp }
      : { http: { ...http, statusCallbackUrl: `https://us/webhooks/twilio/${given.id}` } }),
    ...given,
  }));
  return parseCatalog({ ...catalog, providers }, 6);
}

/** What a router knows of deliveries and conversions. Money for exploring is always there. */
function deliveryView({ delivery, conversions }: Case): DeliveryView {
  return {
    of: (provider) => {
      const said = delivery[provider];
      if (said === undefined) return NOTHING_SEEN;
      const { probability, of, p95Seconds, share } = said;
      const [alpha, beta] = [probability * of, (1 - probability) * of];
      const p95Ms = p95Seconds === undefined ? undefined : p95Seconds * 1_000;
      return { alpha, beta, delivery: probability, medianMs: undefined, p95Ms, share, mayTry: () => false };
    },
    converts: (provider) => {
      const said = conversions[provider];
      if (said === undefined) return undefined;
      return { levels: [{ trials: said.told, successes: said.converted }], ...said, suspect: false };
    },
    spend: () => true,
  };
}

function decide(file: File, one: Case) {
  const { message, at, health, tried, refused, counted, draw } = one;
  const parsed = catalogOf(file);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { account, labels, ...fields } = message;
  const valid = validateSendRequest({ ...fields, metadata: labels });
  if (!valid.ok) throw new Error(JSON.stringify(valid.problems));
  const facts = factsOf(valid.request, account, Date.parse(at));
  const choice = chooseProvider(snapshotOf(parsed.value).routes, {
    facts,
    tried,
    refused: new Map(refused.map((id) => [id, true])),
    health: (id) => {
      const known = Object.entries(health[id] ?? {}).filter(([, value]) => value !== undefined);
      return { open: false, backlogSeconds: 0, ...Object.fromEntries(known) };
    },
    delivery: deliveryView(one),
    counts: ({ cap, value }, now) => {
      const { hour = 0, day = 0 } = counted[`${cap.id}/${value}`] ?? {};
      return { ...new CapPeriods().emptyAt(now, cap.zone), hour, day };
    },
    random: () => draw,
  });
  return {
    route: choice.route ?? null,
    reason: choice.reason,
    verdicts: Object.fromEntries(choice.candidates.map(({ provider, verdict }) => [provider, verdict])),
    ...(choice.ok
      ? {
          provider: choice.provider.id,
          sentAs: choice.sender === facts.from ? null : choice.sender,
          price: `${formatMoney(choice.price)} ${choice.provider.currency}`,
        }
      : choice.full === undefined
        ? {}
        : { until: new Date(choice.full.until).toISOString().replace(".000", ""), reaction: choice.full.reaction }),
  };
}

describe.each(files)("$name", ({ file }) => {
  const { cases, refused, warns } = file;

  it.each(cases)("$name", (one) => {
    expect(decide(file, one)).toMatchObject(one.expect);
  });

  if (refused === undefined)
    it("has a catalog that is accepted", () => {
      expect(catalogOf(file)).toMatchObject({ ok: true });
    });
  else
    it("is refused", () => {
      const parsed = catalogOf(file);
      const problems = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
      expect(problems).toEqual(refused.map((part) => expect.stringContaining(part)));
    });

  if (warns !== undefined)
    it("warns", () => {
      const parsed = catalogOf(file);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      const warnings = parsed.warnings.map(({ path, message }) => `${path}: ${message}`);
      expect(warnings.sort()).toEqual([...warns].sort().map((part) => expect.stringContaining(part)));
    });
});

it("there are enough of them to trust", () => {
  expect(files.flatMap(({ file }) => file.cases).length).toBeGreaterThanOrEqual(110);
  expect(files.flatMap(({ file }) => file.refused ?? []).length).toBeGreaterThanOrEqual(20);
});
