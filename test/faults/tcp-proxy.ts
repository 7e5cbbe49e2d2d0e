import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Towards the server: what the client says. Towards the client: what the server answers. */
export type Direction = "to-server" | "to-client";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * Stands between a client and a server on this machine and does to their connections what networks do. It listens before
 * it knows its server, so that a server can be told to name the proxy as its own address.
 */
export class TcpProxy {
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private readonly held = new Set<Direction>();
  private readonly swallowed = new Set<Direction>();
  private readonly delays = new Map<Direction, number>();
  private target: { readonly host: string; readonly port: number } | undefined;
  private refusing = false;
  /** Bytes passed on. */
  readonly passed: Record<Direction, number> = { "to-server": 0, "to-client": 0 };

  private constructor(server: Server) {
    this.server = server;
    server.on("connection", (client) => this.accept(client));
  }

  /** Listens on 127.0.0.1. `port` 0: any. */
  static async start(port = 0, target?: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const proxy = new TcpProxy(server);
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
    for (const direction of directions.length > 0 ? directions : BOTH) {
      this.held.add(direction);
      for (const pair of this.pairs) source(pair, direction).pause();
    }
  }

  /** Bytes of this direction vanish. What is then passed on makes no sense to its reader: `cut` before `mend`. */
  swallow(...directions: Direction[]): void {
    for (const direction of directions.length > 0 ? directions : BOTH) this.swallowed.add(direction);
  }

  /** Everything of this direction comes so much later, in order, ms; 0: as it is. */
  delay(direction: Direction, ms: number): void {
    this.delays.set(direction, ms);
  }

  /** All is well again; what was held goes on. */
  mend(): void {
    this.refusing = false;
    this.delays.clear();
    this.swallowed.clear();
    this.held.clear();
    for (const { client, server } of this.pairs) {
      client.resume();
      server.resume();
    }
  }

  async stop(): Promise<void> {
    this.refusing = true;
    const closed = once(this.server, "close");
    this.server.close();
    this.cut();
    await closed;
  }

  private accept(client: Socket): void {
    if (this.refusing || this.target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.target, noDelay: true });
    const pair = { client, server };
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on("close", end).on("error", () => {});
    this.pass(pair, "to-server");
    this.pass(pair, "to-client");
  }

  private pass(pair: Pair, direction: Direction): void {
    const from = source(pair, direction);
    const to = direction === "to-server" ? pair.server : pair.client;
    from.on("data", (bytes) => {
      if (this.swallowed.has(direction)) return;
      const write = () => {
        if (to.destroyed) return;
        this.passed[direction] += bytes.length;
        if (to.write(bytes)) return;
        from.pause();
        to.once("drain", () => {
          if (!this.held.has(direction)) from.resume();
        });
      };
      const ms = this.delays.get(direction) ?? 0;
      if (ms > 0) setTimeout(write, ms);
      else write();
    });
    from.on("end", () => to.end());
    if (this.held.has(direction)) from.pause();
  }
}

const BOTH: readonly Direction[] = ["to-server", "to-client"];

function source({ client, server }: Pair, direction: Direction): Socket {
  return direction === "to-server" ? client : server;
}
