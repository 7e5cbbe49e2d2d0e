/** Codes to one range of numbers, and what is said of them. Beside tests that take a minute anyway: traffic is watched by the minute. */
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel } from "kafkajs";
import { expect, inject } from "vitest";
import type { Suspicion } from "../../schemas/generated/types.ts";
import { freshId, produce, until } from "./sluice.ts";

const { infra, adminUrls, environment } = inject("sluice");
const ACCOUNT = "nordbank";
/** Numbers without their last four digits; nobody else sends codes there. */
const RANGE = "491517799";
const CODES = 40;
/** A minute must be over and stored. */
const WITHIN_MS = 80_000;

/** The account's codes go to one range; waits until that is said, and checks what is said, to whom. */
export async function pumpedCodesAreTold(): Promise<void> {
  const registry = new SchemaRegistry({ host: infra.registryUrl });
  const kafka = new Kafka({ clientId: "guard", brokers: infra.brokers, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `guard-${freshId()}` });
  const told: { suspicion: Suspicion; after: number }[] = [];
  let began = Number.POSITIVE_INFINITY;
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: "sms.abnormal", fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const suspicion: Suspicion = await registry.decode(message.value!);
        if (suspicion.account === ACCOUNT && suspicion.kind === "pumping")
          told.push({ suspicion, after: Date.now() - began });
      },
    });
    began = Date.now();
    await produce(
      Array.from({ length: CODES }, () => ({
        messageId: freshId(),
        to: `${RANGE}${String(randomInt(10_000)).padStart(4, "0")}`,
        text: "Your code is 4711",
        lane: "otp" as const,
        accountId: ACCOUNT,
      })),
    );
    await until("the codes to one range are said to be abnormal", () => told.length > 0, WITHIN_MS);
  } finally {
    await consumer.disconnect();
  }
  const { suspicion, after } = told[0]!;
  console.log(`${CODES} codes to one range were told of after ${(after / 1_000).toFixed(1)} s`);
  expect(suspicion).toMatchObject({ country: "DE", range: RANGE, over: false, level: "critical" });
  expect(suspicion.measure).toMatch(/otp messages into the country/);
  expect(suspicion.seen).toBeGreaterThan(3 * suspicion.expected);
  expect(Number(suspicion.hourly.EUR)).toBeGreaterThan(0);
  expect(after).toBeLessThan(WITHIN_MS);
  const page = await (await fetch(`${adminUrls["analytics-sink"]}/metrics`)).text();
  expect(
    Number(/^abnormal_open\{[^}]*kind="pumping"[^}]*level="critical"[^}]*\} (\d+)/m.exec(page)?.[1]),
  ).toBeGreaterThan(0);
  // What is shown to everybody names no numbers.
  expect(page).not.toContain(RANGE);
  const { stdout } = await promisify(execFile)(process.execPath, ["services/cli/sluice.ts", "abnormal"], {
    env: { ...process.env, ...environment },
  });
  expect(stdout).toContain(`critical pumping: account ${ACCOUNT}, DE, numbers +${RANGE}…; since `);
}
