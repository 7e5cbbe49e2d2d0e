import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { newMessageId } from "../../../../../domain/message/message-id.ts";
import type { BindCommand } from "../../../../../domain/smpp/command-id.ts";
import type { BindPdu, Pdu, SubmitSmPdu } from "../../../../../domain/smpp/pdu.ts";
import { decodePdu } from "../../../../../domain/smpp/pdu-decoder.ts";
import { encodePdu } from "../../../../../domain/smpp/pdu-encoder.ts";
import { PduFramer } from "../../../../../domain/smpp/pdu-framer.ts";
import { ShortIds } from "../../../../../domain/smpp/server/short-ids.ts";
import type { MessageStatusAnswer } from "../../../../../pipeline/read-model/message-status.ts";
import type { SluiceCodecs } from "../../../../../pipeline/records/codecs.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../../platform/telemetry/metric-registry.ts";
import type { SendRequest, SmppPart } from "../../../../../schemas/generated/types.ts";
import { DeadlineWriter } from "../../../../../services/ingest/acceptance/deadline-writer.ts";
import { RecentAcceptances } from "../../../../../services/ingest/acceptance/recent-acceptances.ts";
import type { Account } from "../../../../../services/ingest/access/api-keys.ts";
import { FailedLogins } from "../../../../../services/ingest/access/failed-logins.ts";
import type { CancelOutcome } from "../../../../../services/ingest/cancels/cancels.ts";
import { CentreAnswers } from "../../../../../services/ingest/doors/smpp/centre-answers.ts";
import { doorMetrics } from "../../../../../services/ingest/doors/smpp/door-metrics.ts";
import { PartRecords } from "../../../../../services/ingest/doors/smpp/parts/part-records.ts";
import { SmppAccounts } from "../../../../../services/ingest/doors/smpp/smpp-accounts.ts";
import { SmppDoor, type SmppDoorOptions } from "../../../../../services/ingest/doors/smpp/smpp-door.ts";
import { Submissions } from "../../../../../services/ingest/doors/smpp/submissions.ts";
import { until } from "../../../smpp/loopback.ts";
import { ACME, FakeWriter, KEY, newAcceptor, PARTITIONS, sha256, testCodecs } from "../../ingest-harness.ts";

export const SLOW: Account = { id: "slow", apiKeys: [{ id: "main", sha256: sha256("slow-key") }], maxPerSecond: 2 };
export const OLD: Account = {
  id: "an-account-with-a-long-name",
  apiKeys: [{ id: "main", sha256: sha256("long-key-of-old") }],
  smpp: { passwords: [{ id: "short", sha256: sha256("8octets!") }], maxBinds: 1 },
};

export interface DoorHarness {
  readonly door: SmppDoor;
  readonly writer: FakeWriter;
  readonly codecs: SluiceCodecs;
  readonly statuses: Map<string, MessageStatusAnswer>;
  cancelled: CancelOutcome;
  /** What has been handed in. */
  requests(): SendRequest[];
  parts(): SmppPart[];
  close(): Promise<void>;
}

export interface DoorHarnessOptions extends Partial<SmppDoorOptions> {
  readonly window?: number;
  readonly holdMs?: number;
  readonly acceptTimeoutMs?: number;
}

/** The real door over loopback, with a fake producer behind it. */
export async function startDoor(options: DoorHarnessOptions = {}): Promise<DoorHarness> {
  const codecs = await testCodecs();
  const writer = new FakeWriter();
  const metrics = new MetricRegistry();
  const recent = new RecentAcceptances(1_000, performance.now());
  const { acceptTimeoutMs } = options;
  const acceptor = newAcceptor({ writer, codecs, recent, metrics, acceptTimeoutMs });
  const short = new ShortIds();
  const statuses: DoorHarness["statuses"] = new Map();
  const now = Date.now;
  const harness = { cancelled: { outcome: "no-such-message" } as CancelOutcome };
  const door = new SmppDoor({
    host: "127.0.0.1",
    port: 0,
    maxConnections: 20,
    bindsPerAccount: 3,
    receiptWindow: 10,
    sessionInitMs: 5_000,
    enquireLinkMs: 30_000,
    responseTimeoutMs: 5_000,
    accounts: () => new SmppAccounts([ACME, SLOW, OLD]),
    failures: new FailedLogins(),
    now,
    bind: {
      window: options.window ?? 50,
      holdMs: options.holdMs ?? 1_000,
      submissions: new Submissions({
        terms: {
          defaultAlphabet: "gsm",
          now,
          newId: (old) => {
            const id = newMessageId(now());
            return { id, shown: old ? short.take() : id };
          },
        },
        acceptor,
        writer: new DeadlineWriter(writer, acceptTimeoutMs ?? 5_000),
        parts: new PartRecords({ acceptor, codec: codecs.smppPart, partitions: PARTITIONS, now }),
      }),
      answers: new CentreAnswers({
        status: {
          find: async (account, id) => {
            const found = statuses.get(`${account}/${id}`);
            return found === undefined ? [] : [found];
          },
        },
        cancels: { cancel: async () => harness.cancelled },
      }),
      metrics: doorMetrics(metrics),
    },
    receipts: { add() {}, remove() {}, capacity() {} },
    log: silentLog,
    ...options,
  });
  await door.start();
  const decoded = <T>(codec: { decode(value: Buffer): { ok: boolean } }, topic: RegExp): T[] =>
    writer.records
      .filter((record) => topic.test(record.topic))
      .map((record) => (codec.decode(record.value!) as unknown as { value: T }).value);
  return Object.assign(harness, {
    door,
    writer,
    codecs,
    statuses,
    requests: () => decoded<SendRequest>(codecs.request, /^sms\.requests\./),
    parts: () => decoded<SmppPart>(codecs.smppPart, /^sms\.smpp-parts$/),
    close: () => door.drain(0),
  });
}

/** What a client has received: a PDU that the codec reads, or its header with the whole frame. */
export interface Received {
  readonly command: string;
  readonly commandStatus: number;
  readonly sequence: number;
  readonly messageId?: string;
  readonly frame: Buffer;
  readonly pdu: Pdu | undefined;
}

/** A client that sends what a test says, and answers nothing by itself. */
export class RawClient {
  readonly received: Received[] = [];
  closed = false;
  private readonly socket: Socket;
  private sequence = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    const framer = new PduFramer();
    socket.on("data", (chunk: Buffer) => {
      framer.push(chunk, (buffer, start, end) => {
        const frame = Buffer.from(buffer.subarray(start, end));
        const read = decodePdu(frame, 0, frame.length);
        const header = read.ok ? read.pdu : { command: frame.readUInt32BE(4).toString(16), ...read };
        const messageId = "messageId" in header ? (header.messageId as string) : undefined;
        this.received.push({
          command: header.command,
          commandStatus: frame.readUInt32BE(8),
          sequence: frame.readUInt32BE(12),
          ...(messageId === undefined ? {} : { messageId }),
          frame,
          pdu: read.ok ? read.pdu : undefined,
        });
        return true;
      });
    });
    socket.on("close", () => {
      this.closed = true;
    });
    socket.on("error", () => {});
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** Over TLS, and only to whoever has this certificate. */
  static async connectSecurely(port: number, certificate: string): Promise<RawClient> {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca: certificate });
    await once(socket, "secureConnect");
    return new RawClient(socket);
  }

  /** Gives the sequence number. */
  send(pdu: Omit<Pdu, "sequence" | "commandStatus"> & { readonly command: Pdu["command"] }): number {
    const sequence = ++this.sequence;
    this.socket.write(encodePdu({ commandStatus: 0, sequence, ...pdu } as Pdu));
    return sequence;
  }

  write(octets: Buffer): void {
    this.socket.write(octets);
  }

  answer(command: "deliver_sm_resp", sequence: number, commandStatus = 0): void {
    this.socket.write(encodePdu({ command, sequence, commandStatus, messageId: "", tlvs: [] }));
  }

  /** The answer to the request of this number, when it has come. */
  async answerTo(sequence: number, ms = 5_000): Promise<Received> {
    const found = () => this.received.find((one) => one.sequence === sequence && isAnswer(one));
    await until(() => found() !== undefined, `the answer to ${sequence}`, ms);
    return found()!;
  }

  async call(pdu: Parameters<RawClient["send"]>[0], ms?: number): Promise<Received> {
    return this.answerTo(this.send(pdu), ms);
  }

  async bind(more: Partial<BindPdu> & { command?: BindCommand } = {}): Promise<Received> {
    return this.call({ ...BIND, ...more }, 10_000);
  }

  close(): void {
    this.socket.destroy();
  }
}

function isAnswer({ frame }: Received): boolean {
  return frame.readUInt32BE(4) >= 0x80000000;
}

const BIND: Omit<BindPdu, "sequence" | "commandStatus"> = {
  command: "bind_transceiver",
  systemId: ACME.id,
  password: KEY,
  systemType: "",
  interfaceVersion: 0x34,
  addrTon: 0,
  addrNpi: 0,
  addressRange: "",
};

export function submitSm(more: Partial<SubmitSmPdu> = {}): Omit<SubmitSmPdu, "sequence" | "commandStatus"> {
  return {
    command: "submit_sm",
    serviceType: "",
    sourceAddrTon: 5,
    sourceAddrNpi: 0,
    sourceAddr: "ACME",
    destAddrTon: 1,
    destAddrNpi: 1,
    destinationAddr: "491701234567",
    esmClass: 3,
    protocolId: 0,
    priorityFlag: 0,
    scheduleDeliveryTime: "",
    validityPeriod: "",
    registeredDelivery: 17,
    replaceIfPresent: 0,
    dataCoding: 0,
    smDefaultMsgId: 0,
    shortMessage: Buffer.from("Your code is 123456"),
    tlvs: [],
    ...more,
  };
}
