/** Two consoles that evaluate the same rules: one calls, and when it is killed the other one goes on where it was. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { CONSOLE_CALLS_GROUP } from "../../schemas/groups.ts";
import { CONTROL_TOPIC } from "../../schemas/topics.ts";
import { OwnConsole } from "./own-console.ts";
import { until } from "./sluice.ts";

const { environment, infra } = inject("sluice");
const admin = new Kafka({ clientId: "calls", brokers: infra.brokers, logLevel: logLevel.NOTHING }).admin();
beforeAll(() => admin.connect());
const servers: Server[] = [];
const consoles: OwnConsole[] = [];
afterAll(async () => {
  await admin.disconnect();
  await Promise.all(consoles.map((one) => one.end("SIGTERM")));
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What stands beside the group's offset. */
async function note(admin: Admin): Promise<string | null> {
  const [offsets] = await admin.fetchOffsets({ groupId: CONSOLE_CALLS_GROUP, topics: [CONTROL_TOPIC] });
  return offsets?.partitions[0]?.metadata ?? null;
}

interface Shown {
  readonly alerts: readonly { readonly state: string; readonly labels: { readonly kind?: string } }[];
  readonly calls: { readonly by: string };
}

test("of two consoles one calls; when it is killed the other says what comes, and that it is over, and nothing twice", async () => {
  const abnormal = new Map<string, number>();
  const pages = await serve((_, response) => {
    response.end(
      [...abnormal].map(([kind, open]) => `abnormal_open{kind="${kind}",level="critical"} ${open}\n`).join(""),
    );
  });
  const said: string[] = [];
  const receiver = await serve((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const { alerts } = JSON.parse(body) as { alerts: { status: string; labels: { kind: string } }[] };
      for (const { status, labels } of alerts) said.push(`${labels.kind} ${status}`);
      response.end();
    });
  });
  const own = {
    ...environment,
    SLUICE_CONSOLE_METRICS: `analytics-sink=${pages}/metrics`,
    SLUICE_CONSOLE_ALERT_INTERVAL: "1s",
    SLUICE_CONSOLE_ALERT_URL: `${receiver}/hook`,
  };
  const started = await Promise.all(["console-one", "console-two"].map((name) => OwnConsole.start(name, own)));
  consoles.push(...started);
  const shown = (one: OwnConsole) => one.ask<Shown>("/api/alerts");
  const callers = async (all: readonly OwnConsole[]) =>
    (await Promise.all(all.map(shown))).map(({ calls }) => calls.by);
  const firing = async (one: OwnConsole, kind: string) =>
    (await shown(one)).alerts.some(({ state, labels }) => labels.kind === kind && state === "firing");

  await until("one of them calls", async () => (await callers(started)).toSorted().join() === "elsewhere,here");
  const before = await note(admin);
  abnormal.set("first", 1);
  await until("both see it", async () => (await firing(started[0]!, "first")) && (await firing(started[1]!, "first")));
  await until("it is said", async () => said.length > 0);
  // What was said in the moment of the kill would be said again: nobody could know of it.
  await until("the note of it stands", async () => (await note(admin)) !== before);

  const place = (await callers(started)).indexOf("here");
  const [killed, other] = [started[place]!, started[1 - place]!];
  await killed.end("SIGKILL");
  const began = performance.now();
  abnormal.set("second", 1);
  await until("the other one has the turn", async () => (await callers([other]))[0] === "here");
  console.log(`the other console calls ${Math.round(performance.now() - began)} ms after the kill`);
  await until("it says what began meanwhile", async () => said.includes("second firing"));
  abnormal.set("first", 0);
  await until("it says that the first is over", async () => said.includes("first resolved"));

  // One that comes back knows what was said, by the note.
  const back = await OwnConsole.start(killed.name, own);
  consoles.push(back);
  await until("it sees what goes on", async () => firing(back, "second"));
  await other.end("SIGTERM");
  await until("it has the turn", async () => (await callers([back]))[0] === "here");
  abnormal.set("third", 1);
  await until("it says what comes", async () => said.includes("third firing"));
  expect(said).toEqual(["first firing", "second firing", "first resolved", "third firing"]);
});
