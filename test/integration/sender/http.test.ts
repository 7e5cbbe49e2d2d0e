import { afterAll, beforeAll, expect, test } from "vitest";
import { HttpProviderSimulator } from "../../../infra/simulators/http-provider/http-provider.ts";
import { httpProviderSettingsSchema } from "../../../infra/simulators/http-provider/settings.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { until } from "../platform/kafka-runtime.ts";
import { SenderWorld } from "./sender-world.ts";

const world = new SenderWorld(sharedCluster());
const simulators: HttpProviderSimulator[] = [];
beforeAll(() => world.start());
afterAll(async () => {
  await world.stop();
  for (const simulator of simulators) await simulator.stop();
});

async function httpProvider(behaviour: object, shared: object = {}, http: object = {}) {
  const simulator = new HttpProviderSimulator(
    httpProviderSettingsSchema.parse({
      port: 0,
      controlPort: 0,
      accounts: [{ sid: "AC1", authToken: "token" }],
      behaviour: { response: { delay: { kind: "constant", ms: 5 } }, callbacks: { lossShare: 1 }, ...behaviour },
    }),
  );
  await simulator.start();
  simulators.push(simulator);
  const provider = await world.provider({
    kind: "http-twilio",
    rate: 500,
    ...shared,
    http: {
      baseUrl: `http://127.0.0.1:${simulator.ports.http}`,
      accountSid: "AC1",
      authToken: "token",
      statusCallbackUrl: "http://127.0.0.1:28999/webhooks/twilio",
      ...http,
    },
  });
  return { simulator, provider };
}

const received = (simulator: HttpProviderSimulator) =>
  new Map([...simulator.ledger.entries()].map(({ reference, parts }) => [reference, parts[0]!.received]));

test("messages go out once each, and their events carry the provider's ids", async () => {
  const { simulator, provider } = await httpProvider({ errors: { permanentShare: 0.1, permanentCodes: [21_211] } });
  const sent = await world.dispatch(provider, 200);
  await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  const counts = received(simulator);
  let rejected = 0;
  for (const { facts } of sent) {
    const events = outcomes.get(facts.messageId)!;
    expect(events).toHaveLength(1);
    const [event] = events;
    if (event!.type === "returned") {
      rejected++;
      expect(event).toMatchObject({ errorClass: "refused", errorCode: "21211" });
    } else expect(event!.providerMessageIds[0]).toMatch(/^(SM|MM)[0-9a-f]{32}$/);
    expect(counts.get(facts.messageId)).toBe(1);
  }
  expect(rejected).toBeGreaterThan(5);
  expect(rejected).toBeLessThan(50);
});

test("429 with Retry-After pauses the link, and the same message goes again", async () => {
  const { simulator, provider } = await httpProvider(
    { rate: { segmentsPerSecond: 40, tolerance: 0, retryAfterSeconds: 1 } },
    { rate: 120 },
  );
  const sent = await world.dispatch(provider, 200);
  await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  expect([...outcomes.values()].every((events) => events.length === 1 && events[0]!.type === "submitted")).toBe(true);
  expect([...received(simulator).values()].some((count) => count > 1)).toBe(true);
});

test("a provider that cannot be reached gets nothing, and all of it is handed back", async () => {
  const { simulator, provider } = await httpProvider({}, { circuit: { failures: 5, openMs: 500 } });
  await simulator.goDark("refuse");
  const sent = await world.dispatch(provider, 200);
  const runtime = await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  for (const events of outcomes.values())
    expect(events[0]).toMatchObject({ type: "returned", errorClass: "unsubmitted", reason: null });
  await simulator.goLight();
  await until("it is tried again", () => runtime.sender.circuit.state === "half_open");
  const later = await world.outcomes(await world.dispatch(provider, 50));
  expect([...later.values()].flat().every(({ type }) => type === "submitted")).toBe(true);
});

test("requests without an answer are in doubt, and say so", async () => {
  const { simulator, provider } = await httpProvider(
    { dark: { acceptShare: 1 } },
    { window: 10 },
    { timeoutMs: 1_200 },
  );
  await simulator.goDark("silent");
  const sent = await world.dispatch(provider, 60);
  await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  const counts = received(simulator);
  await until("retries are written", async () => (await world.retries(sent)).length >= 60);
  const retries = new Map((await world.retries(sent)).map(({ retry }) => [retry.facts.messageId, retry]));
  for (const { facts } of sent) {
    const reached = (counts.get(facts.messageId) ?? 0) > 0;
    expect(outcomes.get(facts.messageId)![0]).toMatchObject(
      reached ? { type: "in_doubt", errorClass: "unknown" } : { type: "returned", errorClass: "unsubmitted" },
    );
    expect(retries.get(facts.messageId)!.inDoubt === null).toBe(!reached);
  }
  expect(counts.size).toBeGreaterThan(0);
});
