import type { ConsentCopy } from "../../../pipeline/follow/consent-copy.ts";
import { type ConsentGuard, optOutText } from "../../../pipeline/follow/consent-guard.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { OPTED_OUT } from "../retry-policy.ts";
import type { Pending } from "../routing-records.ts";
import type { MessageRule, Ruling } from "./message-rule.ts";

export interface ConsentRuleOptions {
  /** Of the process. */
  readonly copy: Pick<ConsentCopy, "caughtUp">;
  readonly guard: Pick<ConsentGuard, "against">;
}

/** Nothing to who said stop: such a message ends here. What a sender has already is looked at there once more. */
export class ConsentRule implements MessageRule {
  private readonly options: ConsentRuleOptions;

  constructor(options: ConsentRuleOptions) {
    this.options = options;
  }

  /** Until the copy has what the last owner may have gone by. */
  async restore(task: Task): Promise<void> {
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

  judge({ facts }: Pending): Ruling | undefined {
    const word = this.options.guard.against(facts);
    return word === undefined ? undefined : { verdict: "refuse", end: OPTED_OUT, detail: optOutText(word) };
  }
}
