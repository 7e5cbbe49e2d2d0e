import { hash } from "node:crypto";
import type { Account } from "../../../domain/catalog/account.ts";
import { callbackUrlProblem } from "../../../domain/message/validation.ts";
import { callbackKey, waitingHeaders } from "../../../pipeline/records/callback-key.ts";
import { endpointId } from "../../../pipeline/records/endpoint-id.ts";
import { type ConsentData, inboundData, shownNumber } from "../../../pipeline/records/inbound-data.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Callback, Received } from "../../../schemas/generated/types.ts";
import { CALLBACKS_TOPIC } from "../../../schemas/topics.ts";

/** Of callbacks about messages from handsets, for metrics. */
export const INBOUND_LANE = "inbound";

/** What is told to an address, and where it stands. */
export interface ToldInbound {
  readonly account: Pick<Account, "id" | "inboundUrl" | "callbacks">;
  /** Who has sent it, and where to, as the records have it. */
  readonly from: string;
  readonly to: string;
  readonly type: "message.received" | "recipient.opted_out" | "recipient.opted_in";
  /** Names what is told, a UUID: the same however often it is read. */
  readonly name: string;
  readonly data: object;
  /** When it came, epoch ms. */
  readonly at: number;
  /** The partition of its record in sms.inbound. */
  readonly partition: number;
  /** Twice the offset there, and one more for what goes behind the message. */
  readonly place: number;
  /** Epoch ms. */
  readonly now: number;
}

/** The record of sms.callbacks by which callbacks tells it; undefined: nobody is to be told. */
export function inboundCallback(codec: Codec<Callback>, told: ToldInbound): OutRecord | undefined {
  const { account, from, to, type, name, data, at, partition, place } = told;
  const { id: accountId, inboundUrl: url, callbacks } = account;
  if (url === undefined || callbacks === undefined || callbackUrlProblem(url) !== undefined) return undefined;
  const now = Math.floor(told.now);
  const callback: Callback = {
    id: `msg_${hash("sha256", `${type}\n${accountId}\n${name}`, "hex").slice(0, 32)}`,
    ...{ type, at, accountId, messageId: name, lane: INBOUND_LANE, url },
    data: JSON.stringify(data),
    ...{ since: now, attempts: 0, failure: null },
  };
  return {
    topic: CALLBACKS_TOPIC,
    partition,
    key: callbackKey({ chain: inboundChain(accountId, from, to), place }),
    value: codec.encode(callback),
    headers: waitingHeaders({ endpoint: endpointId(accountId, url), due: now, since: now, write: `inbound/${place}` }),
  };
}

/** What is said between a handset and a number of the account goes in order. */
function inboundChain(accountId: string, from: string, to: string): string {
  const digits = /^\d{1,15}$/.test(from) ? from : "";
  return `in-${hash("sha256", `${accountId}\n${from}\n${to}`, "hex").slice(0, 32)}/${digits}`;
}

export function toldMessage(received: Received) {
  return { type: "message.received", name: received.id, data: inboundData(received), at: received.receivedAt } as const;
}

/** `name`: a UUID for what this record says to this account. */
export function toldConsent(of: {
  readonly accountId: string;
  readonly from: string;
  readonly to: string;
  readonly optedOut: boolean;
  readonly name: string;
  readonly at: number;
}) {
  const { accountId: account, from, to, optedOut, name, at } = of;
  const data: ConsentData = {
    ...{ account, number: shownNumber(from), to: shownNumber(to), optedOut },
    at: new Date(at).toISOString(),
  };
  return { type: optedOut ? "recipient.opted_out" : "recipient.opted_in", name, data, at } as const;
}
