import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Towards the server: what the client says. Towards the client: what the server answers. */
export type Direction = "to-server" | "to-client";

/** Bytes that go on, so much later (ms; in order, so what follows them is later too); `cut`: then the connection is reset. */
export interface Passage {
  readonly bytes: Buffer;
  readonly laterMs?: number;
  readonly cut?: boolean;
}

/** Decides over what one connection carries: which bytes go on, and when. What it does not give back is lost or comes later. */
export type Watch = (direction: Direction, bytes: Buffer) => readonly Passage[];

/** A connection as whoever watches it sees it. */
export interface Watched {
  readonly open: boolean;
}

/**
 * Stands between a client and a server on this machine and does to their connections what networks do. It listens before
 * it knows its server, so that a server can be told to name the proxy as its own address.
 */
export class TcpProxy {
  /** Bytes passed on, and bytes swallowed. */
  readonly passed: Record<Direction, number> = { "to-server": 0, "to-client": 0 };
  readonly lost: Record<Direction, number> = { "to-server": 0, "to-client": 0 };
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private readonly held = new Set<Direction>();
  private readonly swallowed = new Set<Direction>();
  private readonly delays = new Map<Direction, number>();
  private target: { readonly host: string; readonly port: number } | undefined;
  private readonly watch: ((connection: Watched) => Watch) | undefined;
  private refusing = false;

  private constructor(server: Server, watch: ((connection: Watched) => Watch) | undefined) {
    this.server = server;
    this.watch = watch;
    server.on("connection", (client) => this.accept(client));
  }

  /** Listens on 127.0.0.1. `port` 0: any. `watch`: called for each connection; knows the protocol that is spoken on it. */
  static async start(
    port = 0,
    target?: { readonly host: string; readonly port: number },
    watch?: (connection: Watched) => Watch,
  ): Promise<TcpProxy> {
    // Half-open, so that what a client said before it hung up still arrives, however late.
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const proxy = new TcpProxy(server, watch);
    proxy.target = target;
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Connections from now on go there. */
  lead(port: number, host = "127.0.0.1"): void {
    this.target = { host, port };
  }

  /** Ends all connections at once, in the middle of whatever they carry (RST). */
  cut(): void {
    for (const { client, server } of [...this.pairs]) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Ends all connections, and takes no new ones until `mend`. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  /** Bytes of this direction (both by default) wait, in order; connections stand and new ones are taken. Until `mend`. */
  hold(...directions: Direction[]): void {
    for (const direction of directions.length > 0 ? directions : BOTH) this.held.add(direction);
    for (const { flows } of this.pairs) for (const flow of flows) flow.turn();
  }

  /** Bytes of this direction vanish. What is then passed on makes no sense to its reader: `cut` before `mend`. */
  swallow(...directions: Direction[]): void {
    for (const direction of directions.length > 0 ? directions : BOTH) this.swallowed.add(direction);
  }

  /** What is said from now on in this direction comes so much later, in order, ms; 0: as it is. */
  delay(direction: Direction, ms: number): void {
    this.delays.set(direction, ms);
  }

  /** All is well again; what was held goes on. */
  mend(): void {
    this.refusing = false;
    this.delays.clear();
    this.swallowed.clear();
    this.held.clear();
    for (const { flows } of this.pairs) for (const flow of flows) flow.turn();
  }

  async stop(): Promise<void> {
    this.refusing = true;
    const closed = once(this.server, "close");
    this.server.close();
    this.cut();
    await closed;
  }

  private accept(client: Socket): void {
    client.on("error", () => {});
    if (this.refusing || this.target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.target, noDelay: true, allowHalfOpen: true });
    const watched = { open: true };
    const watch = this.watch?.(watched) ?? ((_: Direction, bytes: Buffer) => [{ bytes }]);
    const cut = () => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    const flow = (from: Socket, to: Socket, direction: Direction) =>
      new Flow(
        from,
        to,
        (bytes) => this.judge(direction, watch(direction, bytes)),
        () => this.held.has(direction),
        cut,
      );
    const pair: Pair = {
      client,
      server,
      flows: [flow(client, server, "to-server"), flow(server, client, "to-client")],
    };
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      watched.open = false;
      client.destroy();
      server.destroy();
    };
    client.on("close", end);
    server.on("close", end).on("error", () => {});
  }

  /** What of it goes on, and how much later. */
  private judge(direction: Direction, passages: readonly Passage[]): readonly Passage[] {
    const lost = this.swallowed.has(direction);
    for (const { bytes } of passages) (lost ? this.lost : this.passed)[direction] += bytes.length;
    if (lost) return [];
    const ms = this.delays.get(direction) ?? 0;
    return ms === 0 ? passages : passages.map((passage) => ({ ...passage, laterMs: ms + (passage.laterMs ?? 0) }));
  }
}

const BOTH: readonly Direction[] = ["to-server", "to-client"];

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly flows: readonly Flow[];
}

/** One direction of one connection: passes bytes on in order, each when it is due. */
class Flow {
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly held: () => boolean;
  private readonly cut: () => void;
  private readonly waiting: { readonly bytes: Buffer; readonly due: number; readonly cut: boolean }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private full = false;
  private ended = false;

  constructor(
    from: Socket,
    to: Socket,
    judge: (bytes: Buffer) => readonly Passage[],
    held: () => boolean,
    cut: () => void,
  ) {
    this.from = from;
    this.to = to;
    this.held = held;
    this.cut = cut;
    from.on("data", (chunk) => {
      for (const { bytes, laterMs = 0, cut = false } of judge(chunk))
        this.waiting.push({ bytes, cut, due: Math.max(performance.now() + laterMs, this.waiting.at(-1)?.due ?? 0) });
      this.turn();
    });
    from.on("end", () => {
      this.ended = true;
      this.turn();
    });
    from.on("close", () => clearTimeout(this.timer));
    to.on("drain", () => {
      this.full = false;
      this.turn();
    });
    this.turn();
  }

  /** Writes what is due, unless it is held or the reader is slow; then nothing more is read either. */
  turn(): void {
    clearTimeout(this.timer);
    const now = performance.now();
    while (!this.held() && !this.full && this.waiting.length > 0 && this.waiting[0]!.due <= now) {
      const { bytes, cut } = this.waiting.shift()!;
      if (!this.to.destroyed && bytes.length > 0) this.full = !this.to.write(bytes);
      if (cut) {
        this.cut();
        return;
      }
    }
    if (this.held() || this.full) {
      this.from.pause();
      return;
    }
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.turn(), this.waiting[0]!.due - now);
    else if (this.ended) this.to.end();
    this.from.resume();
  }
}
