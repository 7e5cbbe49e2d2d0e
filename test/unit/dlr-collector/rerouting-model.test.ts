/**
 * The correlator with a router and providers of the simplest kind, and crashes: whatever order receipts come in, and whoever
 * takes over when, a message ends once, and as its tries went.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { UNDELIVERED_CLASS } from "../../../domain/message/tries.ts";
import type { Event, MessageState, Retry } from "../../../schemas/generated/types.ts";
import { CORRELATION_TOPIC, EVENTS_TOPIC, retryTopic } from "../../../schemas/topics.ts";
import { event, facts, receipt, submitted } from "./records.ts";
import { oneRoute } from "./reroutes.ts";
import { codecs, Owner, SimulatedLog } from "./simulated-kafka.ts";

const PROVIDERS = ["smsc-a", "smsc-b", "smsc-c", "smsc-d"];
const REQUESTS = "sms.requests.transactional";
const RETRY_NOW = retryTopic("0s");
const DEADLINE_MS = 100_000;
const ATTEMPTS = 3;
const COST = 7_500;
/** Enough for two submissions at the price that all have, not for a third. */
const BOUND = 2.5;

/** How a provider deals with a message: it refuses it, or its receipt says one of these, or never comes. */
type Fate = "refused" | "delivered" | "route" | "destination" | "temporary" | "silent";

const SAID: Readonly<Record<Exclude<Fate, "refused" | "silent">, [MessageState, string | null]>> = {
  delivered: ["delivered", null],
  route: ["rejected", "8"],
  destination: ["undelivered", "1"],
  temporary: ["expired", null],
};

interface Plan {
  /** By provider, in the order of the route. */
  readonly fates: readonly Fate[];
  /** The first provider delivers after all, having said otherwise. */
  readonly lateDelivery: boolean;
  /** By provider: it takes its price only for what it delivers. */
  readonly onDelivery: readonly boolean[];
}

interface Run {
  readonly plans: readonly Plan[];
  readonly bounded: boolean;
  readonly steps: readonly {
    most: [number, number];
    commit: boolean;
    crash: number | null;
    wait: number;
    acts: number[];
  }[];
}

const fate = fc.constantFrom<Fate>(
  "refused",
  "delivered",
  "route",
  "route",
  "route",
  "destination",
  "temporary",
  "silent",
);
const runs: fc.Arbitrary<Run> = fc.record({
  plans: fc.array(
    fc.record({
      fates: fc.array(fate, { minLength: PROVIDERS.length, maxLength: PROVIDERS.length }),
      lateDelivery: fc.boolean(),
      onDelivery: fc.array(fc.boolean(), { minLength: PROVIDERS.length, maxLength: PROVIDERS.length }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  bounded: fc.boolean(),
  steps: fc.array(
    fc.record({
      most: fc.tuple(fc.nat(4), fc.nat(4)),
      commit: fc.boolean(),
      crash: fc.option(fc.nat(4), { freq: 3 }),
      wait: fc.constantFrom(0, 0, 100, 3_000),
      acts: fc.array(fc.nat(1_000), { maxLength: 3 }),
    }),
    { maxLength: 40 },
  ),
});

const toOf = (n: number) => `4917${String(n).padStart(8, "0")}`;
const idOf = (n: number) => `0190a0b0-0000-7000-8000-00000000000${n}`;

/** A router that remembers what it has decided, and providers; everything that they do waits to be drawn. */
class World {
  readonly log = new SimulatedLog();
  readonly attempts = new Map<string, number[]>();
  private readonly plans: readonly Plan[];
  private pending: (() => void)[] = [];
  private readonly decided = new Set<string>();
  private retries = 0;

  constructor(plans: readonly Plan[]) {
    this.plans = plans;
    for (const n of plans.keys()) {
      const value = codecs.request.encode({
        messageId: idOf(n),
        accountId: "acme",
        to: toOf(n),
        text: `text ${n}`,
      } as never);
      this.log.append({ topic: REQUESTS, key: toOf(n), value });
      const of = facts(idOf(n), { to: toOf(n) });
      this.pending.push(() => this.route(n, { facts: of, attempt: 1, tried: [], source: `${REQUESTS}/0/${n}` }));
    }
  }

  /** Takes what the correlator has sent on, then does one thing that waits. */
  act(draw: number): boolean {
    this.takeRetries();
    if (this.pending.length === 0) return false;
    const [one] = this.pending.splice(draw % this.pending.length, 1);
    one!();
    return true;
  }

  takeRetries(): void {
    const records = this.log.records(RETRY_NOW);
    for (; this.retries < records.length; this.retries++) {
      const decoded = codecs.retry.decode(records[this.retries]!.value!);
      if (!decoded.ok) throw new Error(decoded.detail);
      const retry = decoded.value;
      const n = this.plans.findIndex((_, i) => idOf(i) === retry.facts.messageId);
      expect(retry.text, "the text is read again from the request").toBe(`text ${n}`);
      expect(retry.tried.at(-1)!.errorClass).toBe(UNDELIVERED_CLASS);
      const source = `${RETRY_NOW}/0/${this.retries}`;
      this.pending.push(() => this.route(n, { ...retry, source }));
    }
  }

  private route(n: number, { facts: of, attempt, tried, source, spendLeft = null }: Routed): void {
    const key = `${of.messageId}/${attempt}`;
    if (this.decided.has(key)) return;
    this.decided.add(key);
    const asked = tried.map(({ provider }) => provider);
    const at = PROVIDERS.findIndex((id) => !asked.includes(id));
    const base = { facts: of, attempt, at: this.log.now };
    if (at < 0 || (spendLeft !== null && spendLeft < COST)) {
      this.log.appendEvent(`${key}/closed`, event("closed", of.messageId, { ...base, state: "undelivered" }));
      return;
    }
    const provider = PROVIDERS[at]!;
    const next = [...tried, { provider, errorClass: "refused", errorCode: "x" }];
    if (this.plans[n]!.fates[at] === "refused") {
      this.log.appendEvent(
        `${key}/returned`,
        event("returned", of.messageId, { ...base, provider, errorClass: "refused" }),
      );
      this.pending.push(() => this.route(n, { facts: of, attempt: attempt + 1, tried: next, source, spendLeft }));
      return;
    }
    this.attempts.set(of.messageId, [...(this.attempts.get(of.messageId) ?? []), at]);
    const id = `${n}-${at}`;
    const onDelivery = this.plans[n]!.onDelivery[at]!;
    const submission = submitted(of.messageId, [id], {
      ...base,
      provider,
      source,
      submittedAt: this.log.now,
      onDelivery,
      price: COST,
      cost: onDelivery ? 0 : COST,
    });
    this.pending.push(() => this.log.appendEvent(`${key}/submitted`, submission));
    this.receipts(n, at, id);
  }

  private receipts(n: number, at: number, id: string): void {
    const { fates, lateDelivery } = this.plans[n]!;
    const fate = fates[at]!;
    if (fate === "refused" || fate === "silent") return;
    const [state, errorCode] = SAID[fate];
    const say = (said: MessageState, code: string | null) => () =>
      this.log.appendReceipt(
        receipt(id, said, { provider: PROVIDERS[at]!, to: toOf(n), errorCode: code, receivedAt: this.log.now }),
      );
    this.pending.push(say(state, errorCode), say(state, errorCode));
    if (lateDelivery && at === 0) this.pending.push(say("delivered", null));
  }
}

type Routed = Pick<Retry, "facts" | "attempt" | "tried"> & {
  readonly source: string;
  readonly spendLeft?: number | null;
};

async function play({ plans, bounded, steps }: Run) {
  const world = new World(plans);
  const { log } = world;
  const settings = {
    receiptDeadlineMs: DEADLINE_MS,
    limits: { keepAfterMs: 4_000, finished: 1_000 },
    readBackEvents: 1_000,
    reroute: oneRoute(PROVIDERS, { attempts: ATTEMPTS, maxSpend: bounded ? { times: BOUND } : undefined }),
  };
  let owner = await Owner.begin(log, settings);
  const step = async (most: readonly number[], commit: boolean, crash?: number | null) => {
    if (!(await owner.step(most, commit, crash ?? undefined))) owner = await Owner.begin(log, settings);
  };
  for (const { most, commit, crash, wait, acts } of steps) {
    for (const draw of acts) world.act(draw);
    log.now += wait;
    await step(most, commit, crash);
  }
  for (let turn = 0; turn < 60; turn++) {
    while (world.act(0));
    await step([1_000, 1_000], turn % 3 === 0, turn === 2 ? 1 : undefined);
  }
  log.now += 10 * DEADLINE_MS;
  for (let turn = 0; turn < 5; turn++) await step([1_000, 1_000], true, turn === 0 ? 2 : undefined);
  return { world, log, owner };
}

/** How a message ends when its tries go one after the other, and the providers that it meets. */
function model({ fates }: Plan, bounded: boolean): { state: MessageState; asked: number[] } {
  const asked: number[] = [];
  let state: MessageState = "undelivered";
  for (const [at, fate] of fates.entries()) {
    if (fate === "refused") continue;
    asked.push(at);
    if (fate === "silent") return { state: "unknown", asked };
    state = SAID[fate][0];
    if (fate !== "route" || asked.length === (bounded ? 2 : ATTEMPTS)) break;
  }
  return { state, asked };
}

it("ends every message once, as its tries went, within its bounds, whoever takes over when", async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const { world, log, owner } = await play(run);
      const events = log.events();
      for (const [n, plan] of run.plans.entries()) {
        const own = events.filter(({ event: { facts: of } }) => of.messageId === idOf(n)).map((one) => one.event);
        const finals = own.filter(({ type }) => type === "final");
        expect(finals).toHaveLength(1);
        const asked = world.attempts.get(idOf(n)) ?? [];
        check(plan, run.bounded, finals[0]!, asked, own);
        expect(owedOf(own)).toEqual(owedByModel(plan, asked, finals[0]!));
      }
      expect(owner.correlator.correlation.size.open).toBe(0);
      const kept = new Map(log.records(CORRELATION_TOPIC).map(({ key, value }) => [String(key), value]));
      expect([...kept.values()].filter((value) => value !== null)).toEqual([]);
      expect(log.records(EVENTS_TOPIC).length).toBeGreaterThan(0);
    }),
    { numRuns: 400 },
  );
});

/** By provider what its submission owes since its receipts came, as ClickHouse has it: the greatest amount that was told. */
function owedOf(own: readonly Event[]): Record<string, number> {
  const owed: Record<string, number> = {};
  for (const { type, provider, onDelivery, cost } of own)
    if (onDelivery && cost !== null && cost > 0 && (type === "receipt" || type === "final"))
      owed[provider!] = Math.max(owed[provider!] ?? 0, cost);
  return owed;
}

/** Each provider that was asked, charges so and has delivered. What a single try's receipt says after it has ended the message is late. */
function owedByModel(plan: Plan, asked: readonly number[], final: Event): Record<string, number> {
  const delivers = (at: number) =>
    plan.fates[at] === "delivered" || (plan.lateDelivery && at === 0 && plan.fates[0] !== "silent");
  const late = asked.length === 1 && final.state !== "delivered";
  const owed = asked.filter((at) => plan.onDelivery[at] && delivers(at) && !late);
  return Object.fromEntries(owed.map((at) => [PROVIDERS[at]!, COST]));
}

function check(plan: Plan, bounded: boolean, final: Event, asked: readonly number[], own: readonly Event[]): void {
  const wanted = model(plan, bounded);
  if (plan.lateDelivery && asked[0] === 0 && final.state === "delivered") {
    // It may come before its failure was read, or before another provider was asked, or when all had been.
    expect(asked).toEqual(wanted.asked.slice(0, asked.length));
  } else {
    expect(asked).toEqual(wanted.asked);
    expect(final.state).toBe(wanted.state);
  }
  expect(asked.length).toBeLessThanOrEqual(ATTEMPTS);
  expect(new Set(asked).size, "no provider twice").toBe(asked.length);
  if (bounded) expect(asked.length * COST).toBeLessThanOrEqual(BOUND * COST);
  for (const at of asked.slice(0, -1)) expect(plan.fates[at], "nothing else is tried again").toBe("route");
  const decisions = own.filter(({ type }) => type === "rerouted").map(({ attempt }) => attempt);
  expect(decisions.length).toBeLessThan(ATTEMPTS);
  expect(new Set(decisions).size, "nothing is decided twice, whoever takes over").toBe(decisions.length);
}
