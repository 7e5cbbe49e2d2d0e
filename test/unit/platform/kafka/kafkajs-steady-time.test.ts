import "../../../../platform/kafka/kafkajs-steady-time.ts";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const load = createRequire(import.meta.url);
const HOUR = 3_600_000;
const logger = { namespace: () => logger, debug: () => {}, error: () => {}, warn: () => {} };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The wall clock jumps; the monotonic one and the timers do not. */
function jump(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

interface Group {
  memberId: string;
  coordinator: { heartbeat: () => Promise<void> };
  heartbeat(options: { interval: number }): Promise<void>;
}
const ConsumerGroup = load("kafkajs/src/consumer/consumerGroup") as new (options: object) => Group;

describe.each([2 * HOUR, -2 * HOUR, 72 * HOUR, -72 * HOUR])("the wall clock jumps by %d ms", (ms) => {
  it("heartbeats go on at their interval", async () => {
    const group = new ConsumerGroup({ cluster: {}, logger, instrumentationEmitter: new EventEmitter() });
    let beats = 0;
    group.memberId = "member";
    group.coordinator = { heartbeat: async () => void beats++ };
    const beat = () => group.heartbeat({ interval: 500 });
    await vi.advanceTimersByTimeAsync(600);
    await beat();
    expect(beats).toBe(1);
    jump(ms);
    await beat();
    expect(beats).toBe(1);
    await vi.advanceTimersByTimeAsync(600);
    await beat();
    expect(beats).toBe(2);
  });

  it("a request times out after its time-out, neither at once nor hours later", async () => {
    const RequestQueue = load("kafkajs/src/network/requestQueue") as new (
      options: object,
    ) => { push(request: object): void; scheduleRequestTimeoutCheck(): void; destroy(): void };
    const queue = new RequestQueue({
      instrumentationEmitter: new EventEmitter(),
      maxInFlightRequests: 10,
      requestTimeout: 1_000,
      enforceRequestTimeout: true,
      clientId: "test",
      broker: "127.0.0.1:1",
      logger,
      isConnected: () => true,
    });
    queue.scheduleRequestTimeoutCheck();
    let rejected = 0;
    queue.push({
      entry: {
        correlationId: 1,
        apiKey: 0,
        apiName: "Test",
        apiVersion: 0,
        resolve: () => {},
        reject: () => rejected++,
      },
      expectResponse: true,
      requestTimeout: 1_000,
      sendRequest: () => {},
    });
    await vi.advanceTimersByTimeAsync(300);
    jump(ms);
    await vi.advanceTimersByTimeAsync(500);
    expect(rejected).toBe(0);
    await vi.advanceTimersByTimeAsync(500);
    expect(rejected).toBe(1);
    queue.destroy();
  });
});
