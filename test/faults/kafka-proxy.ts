import { type Direction, type Passage, TcpProxy, type Watch, type Watched } from "./tcp-proxy.ts";

/**
 * What can happen to one produce request. Answer: the broker has stored the records, and the client does not hear of it at
 * all, hears of it late, or loses the connection instead. Request: it arrives late, or half of it and then nothing.
 */
export type ProduceFault = "answer lost" | "answer late" | "answer cut" | "request late" | "request cut";

export interface ProduceOrder {
  readonly fault: ProduceFault;
  /** Only requests of the client of this client id. */
  readonly client: string;
  /** How many requests it befalls, one after the other. Default: all until it is called off. */
  readonly times?: number;
  /** How late, ms. */
  readonly laterMs?: number;
}

/** An order in force. */
export interface Armed {
  /** How many requests it has befallen. */
  readonly struck: number;
  /** Nothing more comes of it. */
  disarm(): void;
}

interface Standing extends ProduceOrder {
  struck: number;
}

const PRODUCE = 0;

/** A TCP proxy that knows Kafka's frames, and so can do things to single produce requests and their answers. */
export class KafkaProxy {
  readonly tcp: TcpProxy;
  private readonly orders: Set<Standing>;
  private readonly clients: Map<Watched, string>;
  private readonly answered: Map<string, number>;

  private constructor(
    tcp: TcpProxy,
    orders: Set<Standing>,
    clients: Map<Watched, string>,
    answered: Map<string, number>,
  ) {
    this.tcp = tcp;
    this.orders = orders;
    this.clients = clients;
    this.answered = answered;
  }

  static async start(): Promise<KafkaProxy> {
    const orders = new Set<Standing>();
    const clients = new Map<Watched, string>();
    const answered = new Map<string, number>();
    const watch = (connection: Watched) =>
      watchConnection(
        orders,
        (id) => void clients.set(connection, id),
        (id) => void answered.set(id, (answered.get(id) ?? 0) + 1),
      );
    return new KafkaProxy(await TcpProxy.start(0, undefined, watch), orders, clients, answered);
  }

  /** Lets something happen to produce requests from now on. */
  arm(order: ProduceOrder): Armed {
    const standing: Standing = { ...order, struck: 0 };
    this.orders.add(standing);
    return {
      get struck() {
        return standing.struck;
      },
      disarm: () => void this.orders.delete(standing),
    };
  }

  /** Answers to produce requests that have gone on to one client. */
  answersTo(client: string): number {
    return this.answered.get(client) ?? 0;
  }

  /** Open connections of one client. */
  connectionsOf(client: string): number {
    for (const connection of this.clients.keys()) if (!connection.open) this.clients.delete(connection);
    return [...this.clients.values()].filter((id) => id === client).length;
  }
}

/** Cuts one connection's bytes into frames, and gives each what the orders say. */
function watchConnection(
  orders: Set<Standing>,
  named: (client: string) => void,
  answered: (client: string) => void,
): Watch {
  const frames = { "to-server": new Frames(), "to-client": new Frames() };
  /** Client ids of produce requests whose answers are still to come, by correlation id. */
  const produces = new Map<number, string>();
  const find = (client: string, about: "request" | "answer"): Standing | undefined => {
    for (const order of orders)
      if (order.client === client && order.fault.startsWith(about)) {
        order.struck++;
        if (order.struck === order.times) orders.delete(order);
        return order;
      }
    return undefined;
  };
  const request = (frame: Buffer): Passage => {
    const length = frame.readInt16BE(12);
    const client = length < 0 ? "" : frame.toString("utf8", 14, 14 + length);
    named(client);
    if (frame.readInt16BE(4) !== PRODUCE) return { bytes: frame };
    produces.set(frame.readInt32BE(8), client);
    const order = find(client, "request");
    if (order?.fault === "request cut") return { bytes: frame.subarray(0, frame.length >> 1), cut: true };
    return { bytes: frame, laterMs: order?.laterMs ?? 0 };
  };
  const answer = (frame: Buffer): Passage => {
    const client = produces.get(frame.readInt32BE(4));
    if (client === undefined) return { bytes: frame };
    produces.delete(frame.readInt32BE(4));
    const order = find(client, "answer");
    if (order?.fault === "answer lost") return { bytes: NOTHING };
    if (order?.fault === "answer cut") return { bytes: NOTHING, cut: true };
    answered(client);
    return { bytes: frame, laterMs: order?.laterMs ?? 0 };
  };
  return (direction: Direction, bytes: Buffer) =>
    frames[direction].take(bytes).map(direction === "to-server" ? request : answer);
}

const NOTHING = Buffer.alloc(0);

/** Whole frames out of a stream of bytes: four bytes of length, then so many bytes. */
class Frames {
  private rest: Buffer[] = [];
  private have = 0;
  private need = 4;

  take(bytes: Buffer): Buffer[] {
    this.rest.push(bytes);
    this.have += bytes.length;
    const whole: Buffer[] = [];
    while (this.have >= this.need) {
      const all = this.rest.length === 1 ? this.rest[0]! : Buffer.concat(this.rest);
      this.need = 4 + all.readInt32BE(0);
      const complete = all.length >= this.need;
      if (complete) whole.push(all.subarray(0, this.need));
      const left = complete ? all.subarray(this.need) : all;
      this.rest = [left];
      this.have = left.length;
      if (complete) this.need = 4;
    }
    return whole;
  }
}
