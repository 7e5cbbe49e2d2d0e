/**
 * A sender with two real binds to a centre that misbehaves, without Kafka: what its outcomes say of each message must agree
 * with what the centre has taken. What Sluice as a whole makes of it: test/invariants/providers-misbehave.test.ts.
 */
import { afterEach, expect, test } from "vitest";
import { providerSchema, type SmppProvider } from "../../../domain/catalog/provider.ts";
import { framedKinds } from "../../../infra/simulators/smsc/malformed-pdu.ts";
import { smscSettingsSchema } from "../../../infra/simulators/smsc/settings.ts";
import { SmscSimulator } from "../../../infra/simulators/smsc/smsc.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import type { Outcome } from "../../../platform/kafka/dispatcher.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { DOUBT_TOPIC } from "../../../schemas/topics.ts";
import { Outcomes } from "../../../services/sender/outcomes.ts";
import { ProviderSender } from "../../../services/sender/provider-sender.ts";
import { senderMetrics } from "../../../services/sender/sender-metrics.ts";
import { SmppLink, type SmppUnit } from "../../../services/sender/smpp-link.ts";
import { until } from "../smpp/loopback.ts";
import { dispatchOf } from "./dispatches.ts";

const WINDOW = 40;
const MESSAGES = 300;
/** A response time-out that a busy machine does not reach. */
const PATIENT_MS = 5_000;
const LANES = ["otp", "transactional", "marketing"] as const;
let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function world(behaviour: Record<string, unknown>, responseTimeoutMs = 400) {
  const delays = { response: { delay: { kind: "uniform", minMs: 1, maxMs: 5 }, ...(behaviour.response as object) } };
  const smsc = new SmscSimulator(
    smscSettingsSchema.parse({
      port: 0,
      controlPort: 0,
      clientReferenceTlv: 0x1401,
      behaviour: { receipts: { lossShare: 1 }, ...behaviour, ...delays },
    }),
  );
  await smsc.start();
  cleanups.push(() => smsc.stop());
  const provider = providerSchema.parse({
    id: "alpha",
    kind: "smpp",
    rate: 5_000,
    window: WINDOW,
    prices: [],
    currency: "EUR",
    circuit: { failures: 10, openMs: 60_000 },
    smpp: {
      host: "127.0.0.1",
      port: smsc.ports.smpp,
      systemId: "sluice",
      password: "secret",
      clientReferenceTlv: 0x1401,
      responseTimeoutMs,
      enquireLinkMs: 200,
      bindTimeoutMs: 300,
      binds: 2,
    },
  }) as SmppProvider;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const metrics = senderMetrics(new MetricRegistry(), "alpha");
  const link = new SmppLink({ provider, log, onDeliver: (_pdu, acknowledge) => acknowledge() });
  const sender = new ProviderSender<SmppUnit>({
    provider,
    link,
    outcomes: new Outcomes(codecs, provider, 6),
    metrics,
    log,
    silenceMs: responseTimeoutMs,
    onLate: () => {},
    monotonic: () => performance.now(),
    now: Date.now,
  });
  sender.own(owner);
  cleanups.push(() => sender.stop());
  return { smsc, sender };
}

const owner = {
  partition: 0,
  alive: true,
  draining: false,
  wake() {},
  keeps: true,
  leaving() {},
  stayed() {},
  keep: () => true,
};

/** What was said of a message, and how many copies of it wait for the correlator. */
interface Told {
  readonly events: Event[];
  copies: number;
}

/** Hands messages of all lanes over, a tenth of them in two parts, and waits until all have their outcome. */
async function outcomesOf(sender: ProviderSender<SmppUnit>): Promise<Map<string, Told>> {
  const outcomes = new Map<string, Told>();
  let ended = 0;
  let handed = 0;
  await until(() => sender.room() > 0, "room");
  await until(
    () => {
      while (handed < MESSAGES && sender.room() > 0) hand(handed++);
      return ended === MESSAGES;
    },
    "all outcomes",
    15_000,
  );
  return outcomes;

  function hand(n: number): void {
    const messageId = `0198c1a2-0000-7000-8000-${String(n).padStart(12, "0")}`;
    const long = n % 10 === 9;
    const dispatch = dispatchOf({
      facts: {
        messageId,
        to: `49171${1_000_000 + n}`,
        lane: LANES[n % 3]!,
        segments: long ? 2 : 1,
        expiresAt: Date.now() + 1e6,
      },
      text: long ? "Two parts. ".repeat(20) : "Hello",
    });
    const told: Told = { events: [], copies: 0 };
    outcomes.set(messageId, told);
    sender.submit(owner, { dispatch, traceparent: undefined }, (outcome: Outcome) => {
      ended++;
      for (const { value } of outcome.events) {
        const decoded = codecs.event.decode(value!);
        if (decoded.ok) told.events.push(decoded.value);
      }
      told.copies += outcome.followUp.filter(({ topic }) => topic === DOUBT_TOPIC).length;
    });
  }
}

/** What of an outcome does not agree with what the centre has taken, or with the lane's rule. */
function contradictions(outcomes: ReadonlyMap<string, Told>, smsc: SmscSimulator): string[] {
  const taken = new Map([...smsc.ledger.entries()].map(({ reference, parts }) => [reference, parts]));
  const found: string[] = [];
  for (const [id, { events, copies }] of outcomes) {
    const parts = taken.get(id) ?? [];
    const sent = Math.max(0, ...parts.map(({ accepted }) => accepted));
    const [event] = events;
    const told = `${id} ${event?.facts.lane} ${events.map(({ type }) => type)} ${event?.errorClass} ${event?.errorCode} ${event?.reason}, taken ${sent} times`;
    const mayGoAgain = event?.type === "in_doubt" && event.facts.lane !== "marketing";
    if (events.length !== 1) found.push(`${told}: not one outcome`);
    else if (sent > 1) found.push(`${told}: taken twice`);
    else if (event!.type === "submitted" && sent === 0) found.push(`${told}: submitted and not taken`);
    else if (event!.type === "returned" && sent > 0) found.push(`${told}: goes back as if it had not been taken`);
    else if (copies !== (mayGoAgain ? 1 : 0)) found.push(`${told}: ${copies} copies, against its lane's rule`);
  }
  return found;
}

const doubtful = (outcomes: ReadonlyMap<string, Told>) =>
  [...outcomes.values()].filter(({ events }) => events.some(({ type }) => type === "in_doubt")).length;

test.each([
  ["lost", { response: { lostShare: 0.1 } }],
  ["late", { response: { lateShare: 0.1, lateMs: 700 } }],
  ["cut with a full window", { links: { cutAt: WINDOW / 2, cutAcceptShare: 0.5 } }],
  [
    "broken streams",
    {
      response: {
        malformedShare: 0.05,
        malformed: ["length-below-header", "length-beyond-limit", "garbage", "swallowing"],
      },
    },
  ],
  ["deaf after the bind", { links: { bind: "deaf" }, dark: { acceptShare: 0.5 } }],
])("responses %s: what is in doubt is said to be, and marketing never goes again", async (_name, behaviour) => {
  const { smsc, sender } = await world(behaviour);
  const outcomes = await outcomesOf(sender);
  expect(contradictions(outcomes, smsc)).toEqual([]);
  expect(doubtful(outcomes)).toBeGreaterThan(0);
});

test.each([
  ["doubled, shuffled, and strange", { response: { twiceShare: 0.5, strangeShare: 0.5, shuffled: 10 } }],
  [
    "malformed",
    {
      response: {
        malformedShare: 0.5,
        malformed: framedKinds,
      },
    },
  ],
])("responses %s: nothing is in doubt, and every message is submitted once", async (_name, behaviour) => {
  const { smsc, sender } = await world(behaviour, PATIENT_MS);
  const outcomes = await outcomesOf(sender);
  expect(contradictions(outcomes, smsc)).toEqual([]);
  expect([...outcomes.values()].filter(({ events }) => events.some(({ type }) => type !== "submitted"))).toEqual([]);
});

test.each([
  ["a cut", { links: { cutAt: WINDOW / 2 } }],
  ["a silent bind", { links: { bind: "deaf" } }],
  ["a storm", { errors: { throttledShare: 1 } }],
])("a provider with %s is left", async (_name, behaviour) => {
  const { sender } = await world(behaviour);
  const outcomes = outcomesOf(sender);
  outcomes.catch(() => {});
  await until(() => sender.circuit.state === "open", "the circuit opens", 10_000);
  await outcomes;
});

// Where traffic stands just then differs: some messages are under way to the centre, some of them in part.
test("unbinds in mid-traffic leave nothing in doubt, and nothing is handed back", async () => {
  const { smsc, sender } = await world({ response: { delay: { kind: "uniform", minMs: 20, maxMs: 60 } } }, PATIENT_MS);
  const all = outcomesOf(sender);
  for (let taken = 20; taken < 260; taken += 30) {
    await until(() => smsc.ledger.references > taken, "traffic", 10_000);
    smsc.unbind();
  }
  const outcomes = await all;
  expect(contradictions(outcomes, smsc)).toEqual([]);
  expect([...outcomes.values()].filter(({ events }) => events.some(({ type }) => type !== "submitted"))).toEqual([]);
});
