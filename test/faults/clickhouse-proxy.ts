import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** How far an insert has come: half of its rows are with ClickHouse, all of them are, or its answer has come back. */
export type InsertStage = "half" | "sent" | "answered";

/** An answer that ClickHouse could give. */
export interface Refusal {
  readonly status: number;
  /** ClickHouse's error number. */
  readonly code: number;
  readonly text: string;
}

/** Stands before ClickHouse's HTTP interface, and can do something to an insert at every stage of it. */
export class ClickhouseProxy {
  /** Inserts that have come, that ClickHouse has confirmed, and whose client has been told so. */
  readonly counts = { inserts: 0, confirmed: 0, told: 0 };
  /** Asked at each stage of each insert; `cut`: its client's connection ends at that moment. */
  onInsert: (stage: InsertStage) => "cut" | undefined = () => undefined;
  /** Given to every request instead of ClickHouse's answer. */
  refusal: Refusal | undefined;
  /** Every answer comes so much later, ms. */
  delayMs = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly agent = new Agent({ keepAlive: true });
  private refusing = false;
  private target = "";

  private constructor() {
    this.server = createServer((incoming, outgoing) => {
      this.pass(incoming, outgoing).catch(() => outgoing.destroy());
    });
    this.server.on("connection", (socket: Socket) => {
      if (this.refusing) socket.resetAndDestroy();
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket)).on("error", () => {});
    });
  }

  /** Listens on a port of 127.0.0.1 and passes everything on to ClickHouse at `target`. */
  static async start(target: string): Promise<ClickhouseProxy> {
    const proxy = new ClickhouseProxy();
    proxy.target = target;
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends all connections and refuses new ones, until `mend`. */
  refuse(): void {
    this.refusing = true;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** All is well again. */
  mend(): void {
    this.refusing = false;
    this.refusal = undefined;
    this.delayMs = 0;
    this.onInsert = () => undefined;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.refuse();
    this.agent.destroy();
    await closed;
  }

  private async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    if (this.refusal !== undefined) {
      const { status, code, text } = this.refusal;
      outgoing.writeHead(status, { "x-clickhouse-exception-code": String(code) }).end(text);
      return;
    }
    const insert = incoming.url?.includes("INSERT") === true;
    if (insert) this.counts.inserts++;
    const at = (stage: InsertStage): void => {
      if (insert && this.onInsert(stage) === "cut") {
        incoming.socket.resetAndDestroy();
        throw new Error(`cut when ${stage}`);
      }
    };
    const upstream = request(`${this.target}${incoming.url}`, {
      method: incoming.method,
      headers: incoming.headers,
      agent: this.agent,
    });
    const answered = once(upstream, "response") as Promise<[IncomingMessage]>;
    answered.catch(() => {});
    const half = body.length >> 1;
    try {
      if (body.length > 0) await write(upstream, body.subarray(0, half));
      at("half");
      upstream.end(body.subarray(half));
      at("sent");
      const [answer] = await answered;
      const content = await bodyOf(answer);
      if (insert && answer.statusCode === 200) this.counts.confirmed++;
      at("answered");
      if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
      if (insert && answer.statusCode === 200 && !outgoing.destroyed) this.counts.told++;
      const { "transfer-encoding": _, ...headers } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, headers).end(content);
    } catch (error) {
      // What has not been sent whole must not be: a client that dies leaves half a request, too.
      if (!upstream.writableEnded) upstream.destroy();
      incoming.socket.resetAndDestroy();
      throw error;
    }
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Resolves when the bytes are with the operating system. */
function write(stream: NodeJS.WritableStream, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.write(bytes, () => {
      stream.removeListener("error", reject);
      resolve();
    });
  });
}
