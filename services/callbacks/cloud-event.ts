import { timeText } from "./status-callback.ts";

/** Media type of one event in structured mode (CloudEvents 1.0.2, "HTTP Protocol Binding" 3.2 and "Kafka Protocol Binding" 3.3). */
export const CLOUD_EVENT_TYPE = "application/cloudevents+json; charset=UTF-8";

export interface CloudEventParts {
  /** With the account, names the event: a repeat has the same. */
  readonly id: string;
  /** What has happened, such as `message.delivered`. */
  readonly type: string;
  /** When, epoch ms. */
  readonly at: number;
  readonly accountId: string;
  /** What it has happened to. */
  readonly subject: string;
  /** As JSON. */
  readonly data: string;
  /** Key of its record in Kafka, by the extension "Partitioning"; undefined: it has none. */
  readonly partitionKey?: string;
}

/** An event by CloudEvents 1.0.2 ("JSON Event Format"). */
export function cloudEvent({ id, type, at, accountId, subject, data, partitionKey }: CloudEventParts): string {
  const attributes = {
    specversion: "1.0",
    id,
    source: `/sluice/accounts/${encodeURIComponent(accountId)}`,
    type: `sluice.${type}`,
    subject,
    time: timeText(at) ?? undefined,
    datacontenttype: "application/json",
    partitionkey: partitionKey,
  };
  return `${JSON.stringify(attributes).slice(0, -1)},"data":${data}}`;
}
