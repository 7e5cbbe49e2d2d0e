import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";

/** What came of a message from a handset: an account's, nobody's, an account's with parts missing. */
export type InboundOutcome = "routed" | "nobodys" | "incomplete";

export interface InboundMetrics {
  messages(outcome: InboundOutcome): Counter;
  /** Told to addresses, of accounts and of consent alike. */
  readonly posted: Counter;
  /** Written for SMPP binds, parts one by one. */
  readonly toBinds: Counter;
  readonly unreadable: Counter;
}

export function inboundMetrics(registry: MetricRegistry): InboundMetrics {
  const messages = registry.counter("inbound_messages_total", {
    help: "Messages from handsets, by what came of them: an account's (routed), nobody's, or an account's without all of its parts (incomplete)",
  });
  const counter = (name: string, help: string) => registry.counter(name, { help }).with();
  return {
    messages: (outcome) => messages.with({ outcome }),
    posted: counter("inbound_callbacks_total", "Callbacks of messages from handsets, written to sms.callbacks"),
    toBinds: counter("inbound_smpp_parts_total", "Messages from handsets, or parts of them, written for SMPP binds"),
    unreadable: counter("inbound_unreadable_total", "Records of sms.inbound that cannot be read, or make no sense"),
  };
}
