import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Books, isTakeover, type MessageAccount } from "./books.ts";
import type { Doubt } from "./doubt.ts";
import type { Installation } from "./installation.ts";

/** What went out, or was held, again because of takeovers, against what was in doubt. */
export interface Repeats {
  /** Submissions that providers accepted beyond each message's first. */
  readonly again: number;
  /** Repeats and holds that state a takeover. */
  readonly stated: number;
  /** Messages that state a takeover and were in doubt at no kill, or went out more often than they were in doubt and other reasons say. */
  readonly unexplained: readonly string[];
}

/** Every repeat must be one that a kill had left in doubt, or state another reason (no answer in time, …). */
export function compareRepeats({ messages }: Books, doubt: Doubt): Repeats {
  const doubts = new Map<string, number>();
  for (const works of doubt.kills)
    for (const work of works) {
      const id = work.slice(0, work.lastIndexOf("/"));
      doubts.set(id, (doubts.get(id) ?? 0) + 1);
    }
  const explained = ({ id, reasons, sent }: MessageAccount) => {
    const takeovers = [...reasons].filter(isTakeover).length;
    const times = doubts.get(id) ?? 0;
    return takeovers <= times && Math.max(0, sent - 1) <= times + reasons.size - takeovers;
  };
  let [again, stated] = [0, 0];
  const unexplained: string[] = [];
  for (const message of messages.values()) {
    again += Math.max(0, message.sent - 1);
    stated += [...message.reasons].filter(isTakeover).length;
    if (!explained(message))
      unexplained.push(
        `${message.id} ${message.lane}: sent ${message.sent} times, in doubt ${doubts.get(message.id) ?? 0} times, reasons ${[...message.reasons]}`,
      );
  }
  return { again, stated, unexplained };
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
  return logs.join("").split(/the tasks end here|Consumer lost/).length - 1;
}
