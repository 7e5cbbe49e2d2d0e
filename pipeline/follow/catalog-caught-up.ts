import { errorMessage } from "../../platform/errors/sluice-error.ts";
import { type KafkaLog, seldom } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { CONTROL_TOPIC } from "../../schemas/topics.ts";
import type { LiveCatalog } from "./live-catalog.ts";

/** So long it is waited for, ms: messages wait for no catalog. */
const CATCH_UP_MS = 5_000;

/**
 * Waits until the catalog has what stood in sms.control at the call: what an earlier owner has decided by a newer version is otherwise not understood. After
 * some seconds it is gone on without. Never rejects.
 */
export async function catalogCaughtUp(
  catalog: Pick<LiveCatalog, "until">,
  reader: Pick<TopicReader, "watermarks">,
  log: KafkaLog,
): Promise<void> {
  try {
    const [{ high } = { high: 0 }] = await reader.watermarks(CONTROL_TOPIC);
    if (await catalog.until(high, CATCH_UP_MS)) return;
    seldom(log, "catalog-behind").warn({}, "sms.control has not been read to its end; the catalog may be an older one");
  } catch (error) {
    seldom(log, "catalog-behind").warn({ cause: errorMessage(error) }, "sms.control cannot be asked for its end");
  }
}
