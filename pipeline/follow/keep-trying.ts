import { setTimeout as pause } from "node:timers/promises";

const RETRY_MS = 5_000;

/**
 * Begins to follow a topic, again every few seconds when that fails: nobody waits for it, and a start while Kafka is in trouble must not
 * leave the process without it for good. Never rejects.
 * @param onFault told of each failure
 */
export async function keepTrying(
  follow: () => Promise<unknown>,
  onFault: (error: unknown) => void,
  retryMs = RETRY_MS,
): Promise<void> {
  for (;;) {
    try {
      await follow();
      return;
    } catch (error) {
      onFault(error);
      await pause(retryMs, undefined, { ref: false });
    }
  }
}
