/**
 * Loaded before `sluice` (`--import`): stops a replay at one of its steps. REPLAY_STOP is `before:<step>` or `after:<step>`,
 * where the steps are what a replay writes: `begun` and `done`, the marks, and `record`. With REPLAY_GO the process
 * waits there, having made the file `<REPLAY_GO>.<pid>`, until REPLAY_GO exists; without it the process dies as by kill -9.
 * REPLAY_CLOCK_MS moves its time: what it takes for the brokers' clock.
 */
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { BrokerClock } from "../../platform/kafka/broker-clock.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { headerText, type OutRecord } from "../../platform/kafka/record.ts";
import { DEAD_LETTER_TOPIC } from "../../schemas/topics.ts";

const { REPLAY_STOP: stop, REPLAY_GO: go, REPLAY_CLOCK_MS: ahead = "0" } = process.env;

const { now } = BrokerClock.prototype;
BrokerClock.prototype.now = function (this: BrokerClock) {
  return now.call(this) + Number(ahead);
};

const { send } = RecordProducer.prototype;
RecordProducer.prototype.send = async function (this: RecordProducer, records, ...fence) {
  const step = stepOf(records);
  await reached(`before:${step}`);
  await send.call(this, records, ...fence);
  await reached(`after:${step}`);
};

function stepOf([first]: readonly OutRecord[]): string {
  if (first?.topic !== DEAD_LETTER_TOPIC) return "record";
  return headerText({ headers: first.headers ?? {} }, "replay-mark")?.split("/")[2] ?? "";
}

async function reached(step: string): Promise<void> {
  if (step !== stop) return;
  if (go === undefined) process.kill(process.pid, "SIGKILL");
  else {
    writeFileSync(`${go}.${process.pid}`, "");
    while (!existsSync(go)) await pause(10);
  }
}
