import "../../../../platform/kafka/kafkajs-idle-timer.ts";
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

interface Queue {
  pending: unknown[];
  inflight: Map<number, unknown>;
  push(request: object): void;
  fulfillRequest(response: { correlationId: number; payload: unknown; size: number }): void;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}
const RequestQueue = createRequire(import.meta.url)("kafkajs/src/network/requestQueue") as new (
  options: object,
) => Queue;
const logger = { namespace: () => logger, debug: () => {}, error: () => {}, warn: () => {} };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function queue(maxInFlightRequests: number): Queue {
  return new RequestQueue({
    instrumentationEmitter: new EventEmitter(),
    maxInFlightRequests,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: "test",
    broker: "127.0.0.1:1",
    logger,
    isConnected: () => true,
  });
}

function request(correlationId: number, sent: number[]): object {
  return {
    entry: { correlationId, apiKey: 0, apiName: "Test", apiVersion: 0, resolve: () => {}, reject: () => {} },
    expectResponse: true,
    requestTimeout: 1_000,
    sendRequest: () => sent.push(correlationId),
  };
}

test("no timer runs while nothing is pending", () => {
  const idle = queue(10);
  idle.scheduleCheckPendingRequests();
  expect(vi.getTimerCount()).toBe(0);
});

test("what is pending still goes out when there is room", async () => {
  const sent: number[] = [];
  const busy = queue(1);
  busy.push(request(1, sent));
  busy.push(request(2, sent));
  expect(sent).toEqual([1]);
  expect(busy.pending.length).toBe(1);
  busy.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
  await vi.advanceTimersByTimeAsync(50);
  expect(sent).toEqual([1, 2]);
  expect(busy.pending.length).toBe(0);
  busy.destroy();
});

test("a program that knows nothing of it is mended from outside: no timer is set in the past, which Node would report", async () => {
  const script = `
    const RequestQueue = require("kafkajs/src/network/requestQueue");
    const logger = { namespace: () => logger, debug() {} };
    const instrumentationEmitter = new (require("node:events"))();
    new RequestQueue({ instrumentationEmitter, logger, maxInFlightRequests: 1 }).scheduleCheckPendingRequests();
    setImmediate(() => process.exit());
  `;
  const patch = new URL("../../../../platform/kafka/kafkajs-idle-timer.ts", import.meta.url).href;
  const run = async (...options: string[]) =>
    (await promisify(execFile)(process.execPath, [...options, "-e", script])).stderr;
  expect(await run("--import", patch)).toBe("");
  expect(await run(), "else there would be no need of it").toContain("TimeoutNegativeWarning");
});
