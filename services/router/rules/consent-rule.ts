import { optOutText } from "../../../domain/consent/consent-word.ts";
import { CONSENT_UNKNOWN_CLASS } from "../../../domain/message/tries.ts";
import type { ConsentCopy } from "../../../pipeline/follow/consent-copy.ts";
import type { ConsentGuard } from "../../../pipeline/follow/consent-guard.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import { CANCELS_TOPIC } from "../../../schemas/topics.ts";
import { OPTED_OUT } from "../retry-policy.ts";
import type { Pending } from "../routing-records.ts";
import type { MessageRule, Ruling } from "./message-rule.ts";
import { waitOfAttempt } from "./wait-of-attempt.ts";

export interface ConsentRuleOptions {
  /** Of the process. */
  readonly copy: Pick<ConsentCopy, "caughtUp" | "overtakenIn" | "oldAlone">;
  readonly guard: Pick<ConsentGuard, "against">;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
}

/** How often words are looked for that are to be written once more, ms, and how many at a time. */
const LOOK_EVERY_MS = 5_000;
const AT_ONCE = 200;
/**
 * Until a message is decided on anew that a sender has given back, since it did not know its recipient well enough, ms. Each time takes two attempts.
 */
const SENDER_AGAIN_MS = 5_000;
const SENDER_UNSURE = "what the sender knew of the recipient was too old to go by";

/** Nothing to who said stop: such a message ends here. What a sender has already is looked at there once more. */
export class ConsentRule implements MessageRule {
  private readonly options: ConsentRuleOptions;
  private partition: number | undefined;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private overtaken: readonly OutRecord[] = [];

  constructor(options: ConsentRuleOptions) {
    this.options = options;
  }

  /** Until the copy has what the last owner may have gone by. */
  async restore(task: Task): Promise<void> {
    this.partition = task.partition;
    const wanted = {
      get alive() {
        return task.alive && !task.draining;
      },
    };
    if ((await this.options.copy.caughtUp(task.partition, wanted)) || !task.alive) return;
    throw new SluiceError("the copy of sms.consent has not come to the log's end before it was stopped", {
      code: "CONSENT_NOT_READ",
      class: "transient",
    });
  }

  /**
   * What is known of this partition's recipients, and not of all, is too old to go by: senders would give their messages back, since these must not hold up others.
   * Where all is too old senders submit nothing, and what is decided on waits there.
   */
  holds(topic: string): boolean {
    return this.partition !== undefined && topic !== CANCELS_TOPIC && this.options.copy.oldAlone(this.partition);
  }

  judge({ facts, tried, attempt }: Pending, now: number): Ruling | undefined {
    const word = this.options.guard.against(facts);
    // Its sender knows less than this router: it is not handed to and fro.
    if (word === undefined && tried.at(-1)?.errorClass === CONSENT_UNKNOWN_CLASS) {
      const due = Math.min(now + waitOfAttempt(attempt, SENDER_AGAIN_MS), facts.expiresAt);
      return { verdict: "wait", due, code: CONSENT_UNKNOWN_CLASS, detail: SENDER_UNSURE };
    }
    return word === undefined ? undefined : { verdict: "refuse", end: OPTED_OUT, detail: optOutText(word) };
  }

  /** The latest word of a recipient is to stand last in the log, for whoever reads that from nothing when it has been compacted. */
  tick(out: Outputs): void {
    for (const record of this.overtaken) out.decide(record);
    this.overtaken = [];
    const now = this.options.monotonic();
    if (this.partition === undefined || now - this.lookedAt < LOOK_EVERY_MS) return;
    this.lookedAt = now;
    this.options.copy.overtakenIn(this.partition, AT_ONCE).then(
      (found) => {
        this.overtaken = found;
      },
      // A store that fails ends the process.
      () => {},
    );
  }
}
