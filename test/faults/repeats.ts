import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Books, takenOver } from "./books.ts";
import type { Doubt } from "./doubt.ts";
import type { Installation } from "./installation.ts";

/** What went out, or was held, again because of takeovers, against what was in doubt. */
export interface Repeats {
  /** Submissions that providers accepted beyond each message's first. */
  readonly again: number;
  /** Attempts that were said to be in doubt by a takeover. */
  readonly stated: number;
  /** Of `again`, in lanes that hold. */
  readonly againHeld: number;
  /** Messages that were said to be in doubt by a takeover more often than a kill left them so, or went out again more often than they were in doubt. */
  readonly unexplained: readonly string[];
}

/** What is in doubt by a takeover must have been left so by a kill, and every repeat must follow from one doubt (or from no answer in time, …). */
export function compareRepeats({ messages }: Books, doubt: Doubt): Repeats {
  const doubts = new Map<string, number>();
  for (const works of doubt.kills)
    for (const work of works) {
      const id = work.slice(0, work.lastIndexOf("/"));
      doubts.set(id, (doubts.get(id) ?? 0) + 1);
    }
  let [again, againHeld, stated] = [0, 0, 0];
  const unexplained: string[] = [];
  for (const message of messages.values()) {
    const { id, lane, reasons, returns, doubted, sent } = message;
    const times = doubts.get(id) ?? 0;
    const takeovers = takenOver(message);
    const more = Math.max(0, sent - 1);
    again += more;
    if (lane === "marketing") againHeld += more;
    stated += takeovers;
    if (takeovers > times || more > doubted.size)
      unexplained.push(
        `${id} ${lane}: sent ${sent} times, in doubt ${times} times at kills, said to be ${[...doubted]}, reasons ${[...reasons]}, returns ${[...returns]}`,
      );
  }
  return { again, againHeld, stated, unexplained };
}

/** How often a sender found the journal of the one before it. */
export function journalsFound({ logDir }: Installation): number {
  return readFileSync(join(logDir, "sender.log"), "utf8").split("The last owner's journal is here").length - 1;
}

/** How often living senders gave their partitions up because no heartbeat was answered: what they had staged is in doubt like at a kill. */
export function lapses({ logDir }: Installation, names: readonly string[] = ["sender", "sender-2"]): number {
  const logs = names.map((name) => {
    try {
      return readFileSync(join(logDir, `${name}.log`), "utf8");
    } catch {
      return ""; // never started
    }
  });
  return logs.join("").split("the tasks end here").length - 1;
}
