/** Records that no processor can use, of every kind that has been thought of; what they are made of is drawn from a seed. */
import type { Random } from "../../infra/simulators/behaviour/random-source.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { BLANK_EVENT } from "../../pipeline/records/event-record.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { Dispatch, Event, MessageFacts, Receipt, Retry, SendRequest } from "../../schemas/generated/types.ts";
import { PARTITIONS } from "./installation.ts";

export type RecordKind = "request" | "dispatch" | "retry" | "receipt" | "event" | "health";

export interface BadRecord {
  readonly kind: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: Record<string, Buffer | string | (Buffer | string)[]>;
  /** It can be decoded; what it says cannot be. */
  readonly readable?: boolean;
}

/** Below what a topic takes (1 MiB), with room for the batch around it. */
const LARGEST = 1_000_000;
const FAR = 8_640_000_000_000_001; // epoch ms beyond the year 275760, where JavaScript's dates end
const NUMBER = "491700000000";
const HOSTILE_TEXT = "\u0000\u202e\ud83d\ude00' OR 1=1 --<script>\r\n";

/** Records whose bytes are wrong, whatever the topic. `good`: a valid record of the topic's own kind. */
export function unreadable(codecs: SluiceCodecs, kind: RecordKind, good: Buffer, random: Random): BadRecord[] {
  const other = kind === "health" ? codecs.consent.encode(CONSENT) : codecs.health.encode(healthOf(random));
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  const headed = (id: number, body: Buffer) => {
    const head = Buffer.alloc(5);
    head.writeInt32BE(id, 1);
    return Buffer.concat([head, body]);
  };
  const own = good.readInt32BE(1);
  const junk = (length: number) => Buffer.concat([Buffer.from([1]), bytes(length)]);
  const bomb = Buffer.concat([good.subarray(0, 5), Buffer.alloc(60, 0xff), Buffer.from([0x0f])]);
  const name = "n".repeat(1_000);
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`h${n}`, "x"]));
  const records: [string, Buffer | null, BadRecord["headers"]?, (Buffer | string | null)?][] = [
    ["empty", Buffer.alloc(0)],
    ["no value", null],
    ["no key", junk(40), undefined, null],
    ["random bytes", junk(1)],
    ["random bytes", junk(300)],
    ["random bytes behind the schema's own id", headed(own, Buffer.alloc(200, 0xff))],
    ["schema unknown to the registry", headed(987_654, bytes(40))],
    ["schema unknown to the registry", headed(2_147_483_647, bytes(40))],
    ["schema id 0", headed(0, bytes(40))],
    ["schema id below 0", headed(-5, bytes(40))],
    ["another record's schema", other],
    ["the schema id of another record", headed(other.readInt32BE(1), good.subarray(5))],
    ["truncated", good.subarray(0, good.length >> 1)],
    ["truncated", good.subarray(0, 5)],
    ["bytes behind the end", Buffer.concat([good, bytes(3)])],
    ["a count of 2^53", bomb],
    ["1 MB", Buffer.concat([Buffer.from([1]), Buffer.alloc(LARGEST - 1_000, 7)])],
    ["1 MB behind the schema's own id", headed(own, Buffer.alloc(LARGEST - 1_000, 0x7f))],
    ["a name of 900 kB as key", junk(10), undefined, "k".repeat(900_000)],
    ["10,000 headers", junk(10), many],
    ["headers named like an object's own", junk(10), named(["constructor", "__proto__", "toString", "hasOwnProperty"])],
    [
      "headers of junk",
      junk(10),
      { id: bytes(40), src: "a/b/c", due: "NaN", traceparent: bytes(60), [name]: HOSTILE_TEXT },
    ],
    ["headers repeated and empty", junk(10), { id: ["", "x"], src: "", due: "-1e308", traceparent: "" }],
    ["headers far ahead", junk(10), { src: `sms.requests.otp/0/${2 ** 53 - 1}`, due: "1" }],
  ];
  return records.map(([what, value, headers, key = NUMBER]) => ({
    kind: what,
    key,
    value,
    ...(headers === undefined ? {} : { headers }),
  }));
}

/** Records that can be read and hold what cannot be. */
export function implausible(codecs: SluiceCodecs, kind: RecordKind, topic: string, random: Random): BadRecord[] {
  const record = (what: string, value: Buffer): BadRecord => ({ kind: what, key: NUMBER, value, readable: true });
  const facts = factsOf(random);
  const strange: [string, Partial<MessageFacts>][] = [
    ["segments below 0", { segments: -5 }],
    ["2^31 segments", { segments: 2_147_483_647 }],
    ["a time beyond all years", { expiresAt: FAR }],
    ["a name of 500 kB", { accountId: "a".repeat(500_000) }],
    ["1,000 labels", { metadata: Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`l${n}`, "x"])) }],
    ["a label of 500 kB", { metadata: { __proto__x: "y".repeat(500_000) } }],
    ["a number that is none", { to: HOSTILE_TEXT }],
    ["an id that is none", { messageId: `${HOSTILE_TEXT}/1/final` }],
  ];
  const price = 9_007_199_254_740_991;
  const receipt: Receipt = {
    provider: "smsc-a",
    providerMessageId: "x",
    to: NUMBER,
    messageId: null,
    state: "delivered",
    errorCode: null,
    doneAt: null,
    receivedAt: Date.now(),
    inbound: null,
    parts: null,
    network: null,
  };
  switch (kind) {
    case "request":
      return [
        ["a number that is none", { to: HOSTILE_TEXT }],
        ["an account that is none", { accountId: "constructor" }],
        ["a name of 500 kB", { accountId: "a".repeat(500_000) }],
        ["a text of 500 kB", { text: "t".repeat(500_000) }],
        ["labels named like an object's own", { metadata: JSON.parse('{"__proto__":"x"}') as Record<string, string> }],
        ["a sender that is none", { from: HOSTILE_TEXT }],
        ["validity below 0", { validitySeconds: -5 }],
        ["a time before all", { acceptedAt: -1_000_000_000_000_000 }], // avsc writes what lies further back as a time to come
      ].map(([what, change]) => record(what as string, codecs.request.encode({ ...REQUEST, ...(change as object) })));
    case "retry":
      return [
        ...strange.map(([what, change]) =>
          record(what, codecs.retry.encode(retryOf({ facts: { ...facts, ...change } }))),
        ),
        record("a text of 500 kB", codecs.retry.encode(retryOf({ facts, text: "t".repeat(500_000) }))),
        record("attempt 2^31", codecs.retry.encode(retryOf({ facts, attempt: 2_147_483_647 }))),
      ];
    case "dispatch": {
      const provider = topic.split(".")[2]!;
      const dispatch = (change: Partial<Dispatch>) =>
        codecs.dispatch.encode({
          ...retryOf({ facts }),
          provider,
          route: "r",
          price: 1,
          currency: "EUR",
          onDelivery: false,
          tariff: null,
          ...change,
        });
      return [
        ...strange.map(([what, change]) => record(what, dispatch({ facts: { ...facts, ...change } }))),
        record("a price beyond all", dispatch({ price })),
        record("another provider's", dispatch({ provider: "constructor" })),
        record("attempt below 0", dispatch({ attempt: -1 })),
      ];
    }
    case "receipt":
      return [
        record("a name of 500 kB", codecs.receipt.encode({ ...receipt, providerMessageId: "9".repeat(500_000) })),
        record("a time beyond all years", codecs.receipt.encode({ ...receipt, doneAt: FAR })),
      ];
    case "event": {
      const event = (change: Partial<Event>) =>
        codecs.event.encode({ ...BLANK_EVENT, type: "submitted", at: Date.now(), facts, attempt: 1, ...change });
      return [
        ...strange.map(([what, change]) => record(what, event({ facts: { ...facts, ...change } }))),
        record("a time beyond all years", event({ at: FAR })),
        record("100,000 ids", event({ providerMessageIds: Array.from({ length: 100_000 }, (_, n) => `${n}`) })),
        record("part below 0", event({ part: -1 })),
      ];
    }
    default:
      return [record("a provider that is none", codecs.health.encode(healthOf(random)))];
  }
}

/** Copies of real records with a few bits turned over, as far as nobody can read them any more. */
export function flipped(
  goods: readonly Buffer[],
  count: number,
  readable: (value: Buffer) => boolean,
  random: Random,
): BadRecord[] {
  const found: BadRecord[] = [];
  for (let tries = 0; found.length < count && goods.length > 0 && tries < count * 50; tries++) {
    const copy = Buffer.from(goods[Math.floor(random() * goods.length)]!);
    for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
      const at = Math.floor(random() * copy.length);
      copy[at] = copy[at]! ^ (1 << Math.floor(random() * 8));
    }
    if (!readable(copy)) found.push({ kind: "bits turned over", key: NUMBER, value: copy });
  }
  return found;
}

/** A number of its partition. */
export function numberIn(partition: number, random: Random): string {
  for (;;) {
    const number = `49151${Math.floor(random() * 9e7) + 1e7}`;
    if (partitionFor(number, PARTITIONS) === partition) return number;
  }
}

/** A valid record of a kind, never written as it is. */
export function goodRecord(codecs: SluiceCodecs, kind: RecordKind, random: Random): Buffer {
  const facts = factsOf(random);
  if (kind === "request") return codecs.request.encode(REQUEST);
  if (kind === "retry") return codecs.retry.encode(retryOf({ facts }));
  if (kind === "dispatch")
    return codecs.dispatch.encode({
      ...retryOf({ facts }),
      provider: "none",
      route: "r",
      price: 1,
      currency: "EUR",
      onDelivery: false,
      tariff: null,
    });
  if (kind === "event")
    return codecs.event.encode({ ...BLANK_EVENT, type: "routed", at: Date.now(), facts, attempt: 1 });
  if (kind === "health") return codecs.health.encode(healthOf(random));
  return codecs.receipt.encode({
    provider: "none",
    providerMessageId: "1",
    to: NUMBER,
    messageId: null,
    state: "delivered",
    errorCode: null,
    doneAt: null,
    receivedAt: Date.now(),
    inbound: null,
    parts: null,
    network: null,
  });
}

const REQUEST: SendRequest = {
  messageId: null,
  accountId: "acme",
  to: NUMBER,
  from: null,
  text: "never to be sent",
  validitySeconds: null,
  reference: null,
  callbackUrl: null,
  transliterate: false,
  sendAt: null,
  receiptTo: null,
  metadata: {},
  acceptedAt: null,
};
const CONSENT = {
  accountId: "acme",
  destination: NUMBER,
  state: "opted_in",
  source: "test",
  at: 1,
  detail: null,
} as const;

function named(names: readonly string[]): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (const name of names) headers[name] = "x";
  return headers;
}

function factsOf(random: Random): MessageFacts {
  const hex = (length: number) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("");
  return {
    messageId: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    accountId: "acme",
    lane: "otp",
    to: NUMBER,
    from: null,
    country: "DE",
    network: null,
    encoding: "gsm7",
    segments: 1,
    reference: null,
    callbackUrl: null,
    metadata: {},
    acceptedAt: Date.now(),
    expiresAt: Date.now() + 60_000,
    networkSource: null,
    sentAs: null,
    segmentsSaved: 0,
    receiptTo: null,
  };
}

function retryOf(change: Partial<Retry> & { facts: MessageFacts }): Retry {
  return {
    text: "never to be sent",
    attempt: 2,
    tried: [],
    inDoubt: null,
    spendLeft: null,
    spendCurrency: null,
    charge: null,
    ...change,
  };
}

function healthOf(random: Random) {
  return {
    provider: `none-${Math.floor(random() * 1e9)}`,
    partition: 0,
    instance: HOSTILE_TEXT,
    circuit: "open",
    reason: null,
    rate: Number.NaN,
    configuredRate: -1,
    rateReason: HOSTILE_TEXT,
    effectiveRate: 1e308,
    backlog: 1,
    queues: [-1],
    inFlight: -1,
    dayStart: FAR,
    dayEnd: FAR,
    segmentsToday: -1,
    monthStart: FAR,
    monthEnd: FAR,
    segmentsThisMonth: -1,
    spentThisMonth: -1,
    heldNetworks: Array.from({ length: 100 }, () => ({ network: HOSTILE_TEXT, reason: HOSTILE_TEXT, waiting: -1 })),
    at: 0,
  } as const;
}
