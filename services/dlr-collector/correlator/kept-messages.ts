import type { Event } from "../../../schemas/generated/types.ts";
import type { CorrelationOutputs } from "./correlation-terms.ts";
import { endedMark, partEvent, partId } from "./final-event.ts";
import { type KeptEvent, mustBeKept, nextAttemptOf, type OpenMessage } from "./open-message.ts";

/** How an event is held for long: its bytes as a latin1 string, a third of the object's memory. */
export interface EventPacking {
  pack(event: Event): string;
  unpack(packed: string): Event;
}

/**
 * Messages that stay open for long, written to sms.correlation: for each the events it is made of, under keys of their
 * own, so that reading them back is the same as reading sms.events.
 */
export class KeptMessages {
  private readonly packing: EventPacking;

  constructor(packing: EventPacking) {
    this.packing = packing;
  }

  unpack(event: KeptEvent): Event {
    return typeof event === "string" ? this.packing.unpack(event) : event;
  }

  /** Writes all that is known of a message. `now`: epoch milliseconds. */
  keep(message: OpenMessage, out: CorrelationOutputs, now: number): void {
    for (const submission of message.submissions) {
      const event = this.unpack(submission.event);
      this.keepEvent(message, event, out);
      if (submission.refused) this.keepEvent(message, { ...event, type: "returned" }, out);
      submission.parts.forEach((part, i) => {
        if (part !== undefined && mustBeKept(submission, part))
          this.keepEvent(message, partEvent(event, submission, i, part, now), out);
      });
    }
    if (message.rerouted !== undefined) this.keepEvent(message, this.unpack(message.rerouted.event), out);
    this.keepLastAttempt(message, out);
    if (message.closed !== undefined) this.keepEvent(message, this.unpack(message.closed), out);
    if (message.ended) this.keepEnd(message, out);
    this.pack(message);
  }

  /** Writes that a message has ended and may still owe a provider its price. */
  keepEnd(message: OpenMessage, out: CorrelationOutputs): void {
    this.keepEvent(message, endedMark(this.unpack(message.submissions[0]!.event)), out);
  }

  /** A try that may be under way and that no other event tells of: as if the router had said that it is to come. */
  private keepLastAttempt(message: OpenMessage, out: CorrelationOutputs): void {
    const { submissions, lastAttempt } = message;
    const last = submissions.at(-1);
    if (last === undefined || nextAttemptOf(message) >= lastAttempt) return;
    this.keepEvent(message, { ...this.unpack(last.event), type: "postponed", attempt: lastAttempt - 1 }, out);
  }

  /** Writes one more event of a message that is kept. */
  keepEvent(message: OpenMessage, event: Event, out: CorrelationOutputs): void {
    const key = keyOf(event);
    this.note(message, key);
    out.keep(key, event, message.trace);
  }

  /** The message stands in sms.correlation under this key. */
  note(message: OpenMessage, key: string): void {
    const keys = message.kept ?? [];
    if (!keys.includes(key)) message.kept = keys.concat(key);
  }

  /** Holds a message's events in their small form. */
  pack(message: OpenMessage): void {
    for (const submission of message.submissions)
      if (typeof submission.event !== "string") submission.event = this.packing.pack(submission.event);
    if (message.closed !== undefined && typeof message.closed !== "string")
      message.closed = this.packing.pack(message.closed);
    if (message.rerouted !== undefined && typeof message.rerouted.event !== "string")
      message.rerouted.event = this.packing.pack(message.rerouted.event);
  }

  /** The message has ended. */
  forget(message: OpenMessage, out: CorrelationOutputs): void {
    if (message.kept !== undefined) for (const key of message.kept) out.forget(key);
  }
}

function keyOf(event: Event): string {
  const { messageId } = event.facts;
  if (event.type === "receipt" && event.part !== null && event.state !== null)
    return partId(messageId, event.attempt, event.part, event.state);
  return `${messageId}/${event.attempt}/${event.type}/${event.providerMessageIds[0] ?? ""}`;
}
