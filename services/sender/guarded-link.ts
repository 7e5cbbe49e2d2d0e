import { commandStatus } from "../../domain/smpp/command-status.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { type KafkaLog, seldom } from "../../platform/kafka/record.ts";
import type { Dispatch } from "../../schemas/generated/types.ts";
import type { Link, LinkEvents } from "./link.ts";
import type { Submission } from "./submission.ts";
import type { Unit } from "./unit-result.ts";

export interface GuardOptions {
  readonly provider: string;
  readonly log: KafkaLog;
  /** A fault after which it is not known what this provider's messages have come to: begin again from what is stored. */
  readonly onFault: () => void;
}

/** Code of a message whose requests could not be made, by a fault of this provider's link: another may carry it. */
export const PREPARE_FAULT = "prepare-fault";

/**
 * A provider's link whose faults stay with that provider: one that throws ends neither the process nor the links of the
 * others. What cannot be started is a link that is down, with the reason; a message that cannot be prepared is refused.
 */
export class GuardedLink<U extends Unit> implements Link<U> {
  private readonly inner: Link<U>;
  private readonly options: GuardOptions;
  private broken = false;

  constructor(inner: Link<U>, options: GuardOptions) {
    this.inner = inner;
    this.options = options;
  }

  get up(): boolean {
    return !this.broken && this.inner.up;
  }

  get room(): number {
    return this.broken ? 0 : this.inner.room;
  }

  get inFlight(): number {
    return this.inner.inFlight;
  }

  start(events: LinkEvents<U>): void {
    this.broken = false;
    try {
      this.inner.start(this.guard(events));
    } catch (error) {
      this.broken = true;
      this.tell(error, "The link to this provider cannot be started; the others go on");
      events.onDown(`cannot be started: ${errorMessage(error)}`);
    }
  }

  async stop(drainMs: number): Promise<void> {
    try {
      await this.inner.stop(drainMs);
    } catch (error) {
      this.tell(error, "The link to this provider did not stop");
    }
  }

  prepare(dispatch: Dispatch, now: number): readonly U[] | string {
    try {
      return this.inner.prepare(dispatch, now);
    } catch (error) {
      this.tell(error, "A message cannot be prepared for this provider");
      return PREPARE_FAULT;
    }
  }

  send(submission: Submission<U>, unit: number): "sent" | "full" | "invalid" {
    try {
      return this.inner.send(submission, unit);
    } catch (error) {
      this.tell(error, "A request cannot be sent to this provider");
      return "invalid";
    }
  }

  /** Written out, and without closures: `onResult` comes once a request. */
  private guard(events: LinkEvents<U>): LinkEvents<U> {
    return {
      onUp: () => {
        try {
          events.onUp();
        } catch (error) {
          this.fault(error);
        }
      },
      onDown: (reason) => {
        try {
          events.onDown(reason);
        } catch (error) {
          this.fault(error);
        }
      },
      onLeaving: (segments, submission) => {
        try {
          return events.onLeaving(segments, submission);
        } catch (error) {
          this.fault(error);
          return false;
        }
      },
      onRoom: () => {
        try {
          events.onRoom();
        } catch (error) {
          this.fault(error);
        }
      },
      onResult: (submission, unit, result) => {
        try {
          events.onResult(submission, unit, result);
        } catch (error) {
          this.fault(error);
        }
      },
      onLate: (submission, unit, answer) => {
        try {
          events.onLate(submission, unit, answer);
        } catch (error) {
          this.fault(error);
        }
      },
    };
  }

  private fault(error: unknown): void {
    this.tell(error, "A fault in this provider's part; it begins again from its last commit");
    this.options.onFault();
  }

  private tell(error: unknown, message: string): void {
    const { log, provider } = this.options;
    seldom(log, `link-fault-${provider}`).error({ provider, err: error }, message);
  }
}

/** Hands a deliver_sm over; a fault in that leaves it with the provider, to come again, and the link as it is. */
export function guardedDelivery<Pdu>(
  take: (pdu: Pdu, acknowledge: (status?: number) => boolean) => void,
  options: Pick<GuardOptions, "provider" | "log">,
): (pdu: Pdu, acknowledge: (status?: number) => boolean) => void {
  return (pdu, acknowledge) => {
    try {
      take(pdu, acknowledge);
    } catch (error) {
      const { log, provider } = options;
      seldom(log, `deliver-fault-${provider}`).error({ provider, err: error }, "A deliver_sm could not be handled");
      acknowledge(commandStatus.ESME_RX_T_APPN);
    }
  };
}
