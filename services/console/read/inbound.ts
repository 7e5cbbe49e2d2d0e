import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { readDecoded } from "../../../pipeline/records/read-decoded.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { newestOf, sizeOf, stretchesBetween } from "../../../platform/kafka/stretches.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Inbound } from "../../../schemas/generated/types.ts";
import { INBOUND_TOPIC } from "../../../schemas/topics.ts";
import { mayAs, type Role, shownAddress } from "../access/roles.ts";
import { inTime } from "./in-time.ts";

/** Which messages from handsets are meant; empty texts mean all. */
export interface InboundFilter {
  /** Stored from here on, epoch ms. */
  readonly since: number;
  readonly provider: string;
  /** Who sent it, or where to: a number in any spelling, a short code or a name. */
  readonly number: string;
}

/** A message from a handset, or a part of one. */
export interface InboundMessage {
  /** When it reached Sluice, epoch ms. */
  readonly at: number;
  readonly provider: string;
  readonly from: string;
  readonly to: string;
  /** Null where it is none (binary), and for roles that may not read it. */
  readonly text: string | null;
  /** Characters of the text that are not shown. */
  readonly cut: number;
  /** Of a long one. */
  readonly part: { readonly number: number; readonly of: number; readonly reference: number } | null;
  readonly alphabet: string | null;
  /** Addresses of what was attached: how many. */
  readonly media: number;
  /** What the provider took it for and acted on. */
  readonly optOut: string | null;
  /** Where it stands in sms.inbound, `<partition>/<offset>`. */
  readonly place: string;
}

export interface InboundFound {
  /** The newest first. */
  readonly messages: readonly InboundMessage[];
  /** All that match among those that were looked at. */
  readonly matched: number;
  /** Records of the time that were looked at, and older ones that were not. */
  readonly looked: number;
  readonly notLooked: number;
  /** Records that could not be read. */
  readonly unreadable: number;
}

const MOST = 100;
/** Records read for one question, the newest ones. */
const MAX_LOOKED = 20_000;
/** Characters of a text that are shown; a message of ten parts has 1,530. */
const MAX_TEXT = 1_600;
/** Questions at once; more only wait while Kafka is away. */
const MAX_AT_ONCE = 8;

/** sms.inbound as the page sees it: the newest messages. Read anew for each question, nothing is held. */
export class InboundBox {
  private readonly reader: Pick<TopicReader, "watermarks" | "offsetsAt" | "readRange">;
  private readonly codecs: Pick<SluiceCodecs, "inbound" | "loadSchema">;
  private atOnce = 0;

  /** `reader`: of sms.inbound. */
  constructor(reader: InboundBox["reader"], codecs: InboundBox["codecs"]) {
    this.reader = reader;
    this.codecs = codecs;
  }

  /** @throws SluiceError of class transient when Kafka does not answer, or throttled when too much is asked meanwhile */
  async newest(filter: InboundFilter): Promise<InboundFound> {
    if (this.atOnce >= MAX_AT_ONCE)
      throw new SluiceError("too many questions for inbound messages wait", { code: "TOO_BUSY", class: "throttled" });
    this.atOnce++;
    const work = this.look(filter).finally(() => {
      this.atOnce--;
    });
    return inTime(work);
  }

  private async look(filter: InboundFilter): Promise<InboundFound> {
    const all = await stretchesBetween(this.reader, INBOUND_TOPIC, filter.since, undefined);
    const stretches = newestOf(all, MAX_LOOKED);
    const search = new InboundSearch(filter);
    const { reader, codecs } = this;
    const reading = {
      ...{ reader, codec: codecs.inbound, absent: new Set<number>() },
      loadSchema: (id: number) => codecs.loadSchema(id),
      take: (message: Inbound, record: InRecord) => search.take(message, record),
      unreadable: () => void search.unreadable++,
    };
    await Promise.all(stretches.map((stretch) => readDecoded({ topic: INBOUND_TOPIC, ...stretch }, reading)));
    const looked = sizeOf(stretches);
    const { matched, unreadable } = search;
    return { messages: search.result(), matched, looked, notLooked: sizeOf(all) - looked, unreadable };
  }
}

/** One look: holds at most twice as many messages as are given. */
class InboundSearch {
  matched = 0;
  unreadable = 0;
  private held: InboundMessage[] = [];
  private readonly provider: string;
  private readonly number: string;

  constructor({ provider, number }: InboundFilter) {
    this.provider = provider;
    this.number = comparable(number);
  }

  take(inbound: Inbound, record: InRecord): void {
    const { provider, from, to } = inbound;
    if (this.provider !== "" && provider !== this.provider) return;
    if (this.number !== "" && comparable(from) !== this.number && comparable(to) !== this.number) return;
    this.matched++;
    this.held.push(shown(inbound, `${record.partition}/${record.offset}`));
    if (this.held.length >= 2 * MOST) this.cut();
  }

  result(): readonly InboundMessage[] {
    this.cut();
    return this.held;
  }

  private cut(): void {
    this.held = this.held.sort((a, b) => b.at - a.at).slice(0, MOST);
  }
}

function shown({ receivedAt, provider, from, to, text, ...inbound }: Inbound, place: string): InboundMessage {
  const { reference, total, part, alphabet, media, optOut } = inbound;
  const isPart = reference !== null && total !== null && part !== null;
  return {
    ...{ at: receivedAt, provider, from, to, alphabet, optOut, place, media: media.length },
    text: alphabet === "binary" ? null : text.slice(0, MAX_TEXT),
    cut: alphabet === "binary" ? 0 : Math.max(0, text.length - MAX_TEXT),
    part: isPart ? { number: part, of: total, reference } : null,
  };
}

/** As the role may see them: viewers see shortened numbers, and no texts. */
export function inboundFor(role: Role, found: InboundFound): InboundFound {
  const whole = mayAs(role, "operator");
  const messages = found.messages.map((message) => ({
    ...message,
    from: shownAddress(message.from, role),
    to: shownAddress(message.to, role),
    text: whole ? message.text : null,
  }));
  return { ...found, messages };
}

/** Numbers are the same however they are spelt; names by their letters. */
function comparable(number: string): string {
  const plain = number.trim();
  return /^\+?[\d\s().-]+$/.test(plain) ? plain.replaceAll(/\D/g, "").replace(/^00/, "") : plain.toLowerCase();
}
