import { vi } from "vitest";
import { providerSchema } from "../../../domain/catalog/provider.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import type { Outcome } from "../../../platform/kafka/dispatcher.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import type { Link, LinkEvents } from "../../../services/sender/link.ts";
import { type Order, Outcomes } from "../../../services/sender/outcomes.ts";
import { ProviderSender, type ProviderSenderOptions } from "../../../services/sender/provider-sender.ts";
import { senderMetrics } from "../../../services/sender/sender-metrics.ts";
import type { Submission } from "../../../services/sender/submission.ts";
import type { Unit, UnitResult } from "../../../services/sender/unit-result.ts";
import { dispatchOf } from "./dispatches.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });

/** A link with a window, whose answers the test gives. */
export class FakeLink implements Link<Unit> {
  up = false;
  window = 100;
  readonly waiting: { submission: Submission<Unit>; unit: number }[] = [];
  sent = 0;
  stopped = 0;
  private events: LinkEvents<Unit> | undefined;

  get inFlight(): number {
    return this.waiting.length;
  }

  get room(): number {
    return this.up ? this.window - this.waiting.length : 0;
  }

  start(events: LinkEvents<Unit>): void {
    this.events = events;
  }

  async stop(): Promise<void> {
    this.up = false;
    this.stopped++;
  }

  prepare({ facts }: { facts: { segments: number } }): Unit[] {
    return Array.from({ length: facts.segments }, () => ({ weight: 1 }));
  }

  send(submission: Submission<Unit>, unit: number): "sent" | "full" {
    if (this.room <= 0) return "full";
    this.sent++;
    this.waiting.push({ submission, unit });
    return "sent";
  }

  bind(): void {
    this.up = true;
    this.events!.onUp();
  }

  lose(sent: "maybe" | "never"): void {
    this.up = false;
    this.events!.onDown("peer_closed");
    const outcome = sent === "never" ? "unsent" : "in-doubt";
    while (this.waiting.length > 0) this.answer({ outcome, code: "link-lost" });
  }

  leave(segments: number): boolean {
    return this.events!.onLeaving(segments);
  }

  /** The requests' time-outs pass, and with them their slots of the window. */
  timeOut(): { submission: Submission<Unit>; unit: number }[] {
    const waiting = this.waiting.splice(0);
    for (const { submission, unit } of waiting)
      this.events!.onResult(submission, unit, { outcome: "in-doubt", code: "response-timeout" });
    return waiting;
  }

  answerLate({ submission, unit }: { submission: Submission<Unit>; unit: number }, result: UnitResult): void {
    this.events!.onLate(submission, unit, result);
  }

  answer(result: UnitResult = { outcome: "accepted", code: "", id: "1" }): void {
    const { submission, unit } = this.waiting.shift()!;
    this.events!.onResult(submission, unit, result);
  }
}

/** For tests of something else: whatever wants to go back may. */
export const goesBack = { handBack: { room: () => 1, spare: () => 1, take() {} } };

function eventOf({ value }: { readonly value: Buffer | null }): Event {
  const decoded = codecs.event.decode(value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
}

export function world(shared: object = {}, more: Partial<ProviderSenderOptions<Unit>> = {}) {
  const provider = providerSchema.parse({
    id: "alpha",
    kind: "smpp",
    rate: 1_000,
    prices: [],
    currency: "EUR",
    smpp: { host: "127.0.0.1", port: 2775, systemId: "s", password: "p" },
    ...shared,
  });
  const link = new FakeLink();
  const late: Event[] = [];
  const sender = new ProviderSender<Unit>({
    provider,
    link,
    outcomes: new Outcomes(codecs, provider, 6),
    metrics: senderMetrics(new MetricRegistry(), "alpha"),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    silenceMs: 5_000,
    monotonic: () => performance.now(),
    now: Date.now,
    onLate: (events) => late.push(...events.map(eventOf)),
    ...more,
  });
  const owner = {
    partition: 0,
    alive: true,
    draining: false,
    woken: 0,
    wake: () => void owner.woken++,
    keeps: true,
    /** What was noted and kept, in order. */
    notes: [] as string[],
    leaving: ({ dispatch }: Order) => void owner.notes.push(`leaving ${dispatch.attempt}`),
    stayed: ({ dispatch }: Order) => void owner.notes.push(`stayed ${dispatch.attempt}`),
    keep: () => {
      if (owner.notes.at(-1) !== "kept") owner.notes.push("kept");
      return owner.keeps;
    },
  };
  const settled: (Event | undefined)[] = [];
  const take = (outcome: Outcome) => {
    const [first] = outcome.events;
    settled.push(first === undefined ? undefined : eventOf(first));
  };
  const submit = (change: Parameters<typeof dispatchOf>[0] = {}) =>
    sender.submit(owner, { dispatch: dispatchOf(change), traceparent: undefined }, take);
  return { provider, link, sender, owner, settled, late, submit };
}

/** Bound, and past the second that belongs to the last owner. */
export async function running(shared: object = {}, more: Partial<ProviderSenderOptions<Unit>> = {}) {
  const w = world(shared, more);
  w.sender.own(w.owner);
  await vi.advanceTimersByTimeAsync(0);
  w.link.bind();
  await vi.advanceTimersByTimeAsync(1_300);
  return w;
}
