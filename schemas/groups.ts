import {
  CALLBACKS_TOPIC,
  CONVERSIONS_TOPIC,
  DOUBT_TOPIC,
  EVENTS_TOPIC,
  INBOUND_TOPIC,
  RECEIPTS_TOPIC,
  RECEIVED_TOPIC,
  ROUTER_INPUTS,
  SMPP_PARTS_TOPIC,
  UNPLACED_RECEIPTS_TOPIC,
} from "./topics.ts";

/** Names of the consumer groups: what has committed an offset of a topic is done with all that lies below. */
export const ROUTER_GROUP = "sluice.router";
export const CORRELATOR_GROUP = "sluice.correlator";
export const PLACING_GROUP = "sluice.receipt-placing";
/** Finds the accounts of messages from handsets, and writes what is told of them. */
export const INBOUND_GROUP = "sluice.inbound";
/** Writes down what recipients say of their consent. */
export const OPT_OUT_GROUP = "sluice.opt-outs";
/** Tells accounts' CRMs of what is said of consent. */
export const CONSENT_WEBHOOK_GROUP = "sluice.consent-webhooks";
/** Tells customers' addresses what becomes of their messages. */
export const CALLBACKS_GROUP = "sluice.callbacks";
/** Writes to accounts' own topics what becomes of their messages. */
export const STATUS_TOPICS_GROUP = "sluice.status-topics";
export const EVENT_SINK_GROUP = "sluice.analytics-sink";
export const RECEIVED_SINK_GROUP = "sluice.analytics-sink.inbound";
export const CONVERSION_SINK_GROUP = "sluice.analytics-sink.conversions";
/** Whoever owns the one partition of sms.abnormal watches the traffic. */
export const ABNORMAL_GROUP = "sluice.analytics-sink.abnormal";

/** Whoever owns the one partition of sms.control calls out on alerts, of the consoles that have an address to call. */
export const CONSOLE_CALLS_GROUP = "sluice.console.calls";

/** Makes receipts for SMPP clients of what is said of their messages. */
export const SMPP_RECEIPTS_GROUP = "sluice.smpp-receipts";
/** Puts the parts of long messages that came over SMPP together. */
export const SMPP_PARTS_GROUP = "sluice.smpp-parts";

export function senderGroup(provider: string): string {
  return `sluice.sender.${provider}`;
}

/** The provider whose sender reads this topic; undefined for any other one. */
export function providerOfTopic(topic: string): string | undefined {
  return /^sms\.dispatch\.([a-z0-9_-]+)\.[a-z]+(\.overflow)?$/.exec(topic)?.[1];
}

/** Who acts on the records of a topic; undefined where nobody does. Events have more readers than this one, who keeps no state of them. */
export function groupOf(topic: string): string | undefined {
  const provider = providerOfTopic(topic);
  if (provider !== undefined) return senderGroup(provider);
  if (ROUTER_INPUTS.includes(topic)) return ROUTER_GROUP;
  if (topic === RECEIPTS_TOPIC || topic === DOUBT_TOPIC) return CORRELATOR_GROUP;
  if (topic === UNPLACED_RECEIPTS_TOPIC) return PLACING_GROUP;
  if (topic === SMPP_PARTS_TOPIC) return SMPP_PARTS_GROUP;
  if (topic === INBOUND_TOPIC) return OPT_OUT_GROUP;
  if (topic === RECEIVED_TOPIC) return RECEIVED_SINK_GROUP;
  if (topic === EVENTS_TOPIC) return EVENT_SINK_GROUP;
  if (topic === CALLBACKS_TOPIC) return CALLBACKS_GROUP;
  return topic === CONVERSIONS_TOPIC ? CONVERSION_SINK_GROUP : undefined;
}
