import type { Random } from "../../infra/simulators/behaviour/random-source.ts";
import { until } from "../integration/platform/kafka-runtime.ts";
import type { ProduceFault } from "./kafka-proxy.ts";
import { shuffled } from "./kill.ts";
import type { Leaders } from "./leaders.ts";
import type { ProxiedKafka } from "./proxied-kafka.ts";

/** A killed broker stays away for longer than its session (9 s), so that its leaders move. */
const DOWN_MS = 10_000;
/** A frozen one for longer than the producer's time-outs (12 and 14 s). */
const FROZEN_MS = 15_000;
/** An answer comes this late, within all time-outs; a request comes after the producer has given it up (12 s). */
const ANSWER_LATE_MS = 3_000;
const REQUEST_LATE_MS = 13_000;
/** A fault that is to befall a client's next requests has found them within this time, or the client has stopped. */
const STRIKE_LIMIT_MS = 60_000;

export type BrokerFault = "broker killed" | "broker frozen" | "all leaders moved";
export type Injected = Record<BrokerFault | ProduceFault, number>;

/** Everything that can happen to brokers and to the way to them, round by round, in an order drawn for each. */
export class BrokerStorm {
  /** What has happened; of the faults on the way: to requests of `clients[0]`. */
  readonly injected: Injected = {
    "broker killed": 0,
    "broker frozen": 0,
    "all leaders moved": 0,
    "answer lost": 0,
    "answer late": 0,
    "answer cut": 0,
    "request late": 0,
    "request cut": 0,
  };
  private readonly kafka: ProxiedKafka;
  private readonly leaders: Leaders;
  /** Client ids that the faults on the way befall, each for itself. They are waited for with the first only. */
  private readonly clients: readonly string[];
  private readonly topics: readonly string[];
  private readonly random: Random;
  private readonly turns: number;

  constructor(
    kafka: ProxiedKafka,
    leaders: Leaders,
    clients: readonly string[],
    topics: readonly string[],
    random: Random,
    turns: number,
  ) {
    this.kafka = kafka;
    this.leaders = leaders;
    this.clients = clients;
    this.topics = topics;
    this.random = random;
    this.turns = turns;
  }

  /** One of each: a broker killed, another frozen, all leaders moved `turns` times, and what happens to requests meanwhile. */
  async round(): Promise<void> {
    const [killed, frozen, third] = shuffled([0, 1, 2], this.random) as [number, number, number];
    const blows = [() => this.kill(killed, third), () => this.freeze(frozen, third), () => this.moveLeaders()];
    for (const blow of shuffled(blows, this.random)) {
      await blow();
      // Also gives every broker leaderships again: what leads nothing is asked nothing that could go wrong.
      await this.leaders.restored(...this.topics);
    }
  }

  private async kill(broker: number, other: number): Promise<void> {
    const { cluster } = this.kafka;
    const down = async () => {
      await cluster.killBroker(broker);
      this.injected["broker killed"]++;
      await pause(DOWN_MS);
      // The supervisor answers late or not at all on a starved machine; what counts is that all replicas are in sync again.
      await cluster.startBroker(broker).catch(() => {});
    };
    await Promise.all([down(), this.strike(other, "request late", 1, REQUEST_LATE_MS)]);
  }

  private async freeze(broker: number, other: number): Promise<void> {
    const { cluster } = this.kafka;
    const still = async () => {
      await cluster.freezeBroker(broker);
      this.injected["broker frozen"]++;
      await pause(FROZEN_MS);
      await cluster.thawBroker(broker);
    };
    await Promise.all([still(), this.strike(other, "answer lost", 1)]);
  }

  private async moveLeaders(): Promise<void> {
    for (let turn = 0; turn < this.turns; turn++) {
      for (const broker of shuffled([0, 1, 2], this.random)) {
        await this.strike(broker, "answer cut", 1 + Math.floor(3 * this.random()));
        await this.strike(broker, "request cut", 1 + Math.floor(3 * this.random()));
      }
      await this.strike(Math.floor(3 * this.random()), "answer late", 1, ANSWER_LATE_MS);
      for (const topic of this.topics) await this.leaders.move(topic);
      this.injected["all leaders moved"]++;
    }
  }

  /** Resolves when the fault has befallen so many requests of the first client. */
  private async strike(broker: number, fault: ProduceFault, times: number, laterMs?: number): Promise<void> {
    const proxy = this.kafka.proxies[broker]!;
    const armed = this.clients.map((client) =>
      proxy.arm({ fault, client, times, ...(laterMs === undefined ? {} : { laterMs }) }),
    );
    await until(`${fault} at broker ${broker}`, () => armed[0]!.struck === times, STRIKE_LIMIT_MS);
    for (const order of armed) order.disarm();
    this.injected[fault] += times;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
