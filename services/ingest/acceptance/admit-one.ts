import { performance } from "node:perf_hooks";
import type { Account } from "../access/api-keys.ts";
import type { Closed, Throttled } from "./acceptor.ts";
import type { DeadlineWriter } from "./deadline-writer.ts";
import type { MessageRate } from "./message-rate.ts";

export interface Admitting {
  /** Not the messages' own: what is charged here takes nothing away from sending. */
  readonly rate: MessageRate;
  readonly writer: Pick<DeadlineWriter, "open">;
}

/** Whether something could be written now, and the account may have it: as often as it may send. Undefined: yes, and it is charged. */
export function admitOne({ id, maxPerSecond }: Account, { writer, rate }: Admitting): Closed | Throttled | undefined {
  const now = performance.now();
  if (!writer.open(now)) return { outcome: "closed" };
  if (maxPerSecond === undefined) return undefined;
  const waitSeconds = rate.charge(id, maxPerSecond, 1, now);
  return waitSeconds === 0 ? undefined : { outcome: "throttled", maxPerSecond, waitSeconds };
}
