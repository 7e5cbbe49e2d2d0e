import { randomInt } from "node:crypto";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { type Consumer, Kafka, logLevel } from "kafkajs";
import "../../platform/kafka/kafkajs-idle-timer.ts";
import type { Inbound } from "../../schemas/generated/types.ts";
import { INBOUND_TOPIC } from "../../schemas/topics.ts";
import type { Installation } from "../faults/installation.ts";
import { until } from "../faults/until.ts";
import { clickhouseOptions } from "../fixture/cluster-handle.ts";
import { keyOf, portOf } from "./interop-catalog.ts";
import type { PartName } from "./interop-parts.ts";
import { type CentreProgram, MessageCentre } from "./message-centre.ts";

/** A message to be sent. */
export interface Outgoing {
  /** E.164 digits. */
  readonly to: string;
  readonly text: string;
  readonly from?: string;
  readonly lane?: "otp" | "transactional" | "marketing";
}

/** One message as ClickHouse has it (view messages_latest). */
export interface MessageRow {
  readonly id: string;
  readonly to: string;
  readonly state: string;
  readonly final: number;
  readonly finals: number;
  readonly provider: string;
  readonly segments: number;
  readonly submissions: number;
  readonly resubmitted: string;
  readonly error_code: string;
}

/** The running Sluice as the cases see it, and where the parts of others are installed. */
export class SluiceUnderTest {
  readonly installation: Installation;
  readonly folders: ReadonlyMap<PartName, string>;
  /** Where its services send their spans; undefined: nowhere. */
  readonly tracesUrl: string | undefined;
  /** Everything in sms.inbound so far. */
  readonly inbound: Inbound[] = [];
  private readonly clickhouse: ClickHouseClient;
  private readonly consumer: Consumer;
  private running: { readonly program: CentreProgram; readonly centre: MessageCentre } | undefined;

  constructor(installation: Installation, folders: ReadonlyMap<PartName, string>, tracesUrl?: string) {
    this.installation = installation;
    this.folders = folders;
    this.tracesUrl = tracesUrl;
    this.clickhouse = createClient({ ...clickhouseOptions(installation.infra), database: "sluice" });
    const { brokers } = installation.infra;
    const kafka = new Kafka({ clientId: "interop", brokers, logLevel: logLevel.NOTHING });
    this.consumer = kafka.consumer({ groupId: "interop-inbound" });
  }

  async connect(): Promise<void> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topic: INBOUND_TOPIC, fromBeginning: true });
    await this.consumer.run({
      eachMessage: async ({ message }) => {
        const decoded = this.installation.codecs.inbound.decode(message.value!);
        if (decoded.ok) this.inbound.push(decoded.value);
      },
    });
  }

  async close(): Promise<void> {
    await this.endCentre();
    await this.consumer.disconnect();
    await this.clickhouse.close();
  }

  /** The centre where Sluice expects this provider, bound. It goes on from case to case, until one asks for another. */
  async boundCentre(program: CentreProgram, provider: string): Promise<MessageCentre> {
    if (this.running?.program !== program) {
      await this.endCentre();
      const port = portOf(this.installation.catalogDir, provider);
      const centre = new MessageCentre(program, this.folders.get(program.part)!, port);
      this.running = { program, centre };
      await centre.start();
    }
    const { centre } = this.running!;
    await centre.untilBound();
    return centre;
  }

  private async endCentre(): Promise<void> {
    await this.running?.centre.kill();
    this.running = undefined;
  }

  /** Hands messages in over HTTP as this account; their ids, in the same order. */
  async send(account: string, messages: readonly Outgoing[]): Promise<string[]> {
    const response = await fetch(`${this.installation.ingestUrl}/v1/messages/batch`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${keyOf(account)}` },
      body: JSON.stringify({ messages: messages.map((message) => ({ ...message, to: `+${message.to}` })) }),
    });
    const body = (await response.json()) as { messages: { id: string }[] };
    if (response.status !== 202) throw new Error(`ingest answered ${response.status}: ${JSON.stringify(body)}`);
    return body.messages.map(({ id }) => id);
  }

  /** Waits until all of these have ended in ClickHouse; their rows in the order of the ids. */
  async untilFinal(ids: readonly string[], ms = 40_000): Promise<MessageRow[]> {
    let rows = new Map<string, MessageRow>();
    const open = () => ids.filter((id) => rows.get(id)?.final !== 1);
    await until(
      () =>
        `all have ended; open: ${open()
          .map((id) => `${id} ${rows.get(id)?.state ?? "absent"}`)
          .slice(0, 5)
          .join(", ")}`,
      async () => {
        rows = new Map((await this.rows(ids)).map((row) => [row.id, row]));
        return open().length === 0;
      },
      ms,
    );
    return ids.map((id) => rows.get(id)!);
  }

  private rows(ids: readonly string[]): Promise<MessageRow[]> {
    return this.query<MessageRow>(
      `SELECT toString(message_id) AS id, destination AS to, state, final, toUInt32(finals) AS finals, provider, segments,
         toUInt32(submissions) AS submissions, resubmitted, error_code
       FROM messages_latest WHERE message_id IN (${ids.map((id) => `'${id}'`).join(",")})`,
    );
  }

  async query<Row>(sql: string): Promise<Row[]> {
    const result = await this.clickhouse.query({ query: sql, format: "JSONEachRow" });
    return result.json<Row>();
  }

  /** Waits for a message of this handset in sms.inbound, and gives all there are. */
  async untilInbound(from: string, count: number, ms = 20_000): Promise<Inbound[]> {
    const found = () => this.inbound.filter((record) => record.from === from);
    await until(
      () => `${count} messages of one handset in ${INBOUND_TOPIC}, there are ${found().length}`,
      () => found().length >= count,
      ms,
    );
    return found();
  }
}

const given = new Set<string>();

/** A German mobile number that no other message of this run has. */
export function freshNumber(): string {
  for (;;) {
    const number = `49151${randomInt(10_000_000, 99_999_999)}`;
    if (given.has(number)) continue;
    given.add(number);
    return number;
  }
}
