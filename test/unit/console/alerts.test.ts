import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ALERT_RULES } from "../../../pipeline/alerts/alert-rules.ts";
import { Secret } from "../../../platform/config/secret.ts";
import type { Scope } from "../../../platform/lifecycle/run-service.ts";
import { AlertBoard } from "../../../services/console/alerts/alert-board.ts";
import type { Caller } from "../../../services/console/alerts/calling-turn.ts";
import { fetchText, postJson } from "../../../services/console/alerts/fetch-text.ts";
import { instancesOf, readPages } from "../../../services/console/alerts/metrics-pages.ts";
import { checkCallUrl, openAlerts } from "../../../services/console/alerts/open-alerts.ts";
import { rememberingLog } from "./console-world.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function scope() {
  const { log, told } = rememberingLog();
  const metrics = { observe() {} };
  const add = async <Part>(_: string, part: { start: () => Part; stop: (it: Part) => unknown }) => {
    const it = part.start();
    stops.push(() => part.stop(it));
    return it;
  };
  return { scope: { log, metrics, add } as unknown as Scope, told };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds(); await pause(5))
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
}

test("an alert is on the page with its entry of the runbook, and a webhook is called once when it fires and once when it is over", async () => {
  let refused = 0;
  let now = 1_000_000_000;
  const pages = await serve((_, response) => {
    response.end(`router_lookups_refused_total{lookup="mnp",reason="budget"} ${refused}\n`);
  });
  const calls: { status: string; alerts: { status: string; labels: object }[] }[] = [];
  let broken = true;
  const receiver = await serve((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      response.statusCode = broken ? 503 : 200;
      if (!broken) calls.push(JSON.parse(body));
      broken = false;
      response.end();
    });
  });
  const { scope: own, told } = scope();
  let looks = 0;
  const alerts = await openAlerts(
    own,
    {
      pages: readPages([`router=${pages}/metrics`]),
      everyMs: 20,
      callUrl: new Secret(`${receiver}/hook/s3cret`),
      callShape: "webhook",
      now: () => now,
    },
    () => void looks++,
  );
  expect(alerts.show()).toMatchObject({ at: null, alerts: [], rules: ALERT_RULES.length, calls: { to: "webhook" } });
  const looked = async () => {
    const before = looks;
    await until("another two looks", () => looks >= before + 2);
  };
  for (let step = 0; step < 4; step++, now += 15_000) await looked();
  refused = 5;
  for (let step = 0; step < 4; step++, now += 15_000) await looked();
  expect(alerts.counts).toEqual({ firing: 1, pending: 0 });
  const shown = alerts.show();
  expect(shown).toMatchObject({ watched: 1, leftOut: 0 });
  expect(shown.alerts).toMatchObject([
    { name: "LookupBudgetSpent", severity: "ticket", state: "firing", labels: { lookup: "mnp" } },
  ]);
  expect(shown.alerts[0]!.runbook).toContain("budget");
  // The first call is refused, and made again.
  await until("the call", () => calls.length > 0);
  expect(told.map(({ fields }) => fields.why)).toContain("the last call failed: it answered 503");
  expect(JSON.stringify(told)).not.toContain("s3cret");
  now += 20 * 60_000;
  await until("the call that it is over", () => calls.length > 1);
  await looked();
  expect(calls.map(({ status }) => status)).toEqual(["firing", "resolved"]);
  expect(calls[0]!.alerts).toMatchObject([
    { status: "firing", labels: { alertname: "LookupBudgetSpent", lookup: "mnp" } },
  ]);
  expect(alerts.show().calls).toEqual({ to: "webhook", by: "here", waiting: 0, trouble: null });
});

test("of several consoles the one whose turn it is calls, keeps a note of it, and takes over what another has said", async () => {
  let now = 1_000_000_000;
  let refused = 0;
  const pages = await serve((_, response) => {
    response.end(`router_lookups_refused_total{lookup="mnp",reason="budget"} ${refused}\n`);
  });
  const calls: string[] = [];
  let refuses = false;
  let answer: (() => void) | undefined;
  const receiver = await serve((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      if (!refuses) calls.push((JSON.parse(body) as { status: string }).status);
      if (calls.length < 2) response.writeHead(refuses ? 503 : 200).end();
      else answer = () => response.end();
    });
  });
  const notes: string[] = [];
  const open = async () => {
    const turn = { caller: "elsewhere" as Caller, takeOver: (_: string) => "", looks: 0 };
    const alerts = await openAlerts(
      scope().scope,
      {
        ...{ pages: readPages([`router=${pages}/metrics`]), everyMs: 20, now: () => now },
        ...{ callUrl: new Secret(`${receiver}/hook`), callShape: "webhook" },
        turn: {
          get caller() {
            return turn.caller;
          },
          keep: (note) => void notes.push(note),
          onTurn: (listener) => {
            turn.takeOver = listener;
          },
          giveUp() {},
        },
      },
      () => void turn.looks++,
    );
    return { turn, alerts, stop: stops.at(-1)! };
  };
  const [first, second] = [await open(), await open()];
  const looked = async () => {
    const before = [first.turn.looks, second.turn.looks];
    const both = () => [first, second].every(({ turn }, n) => turn.looks >= before[n]! + 2);
    await until("another two looks", both);
  };
  for (let step = 0; step < 4; step++, now += 15_000) await looked();
  refused = 5;
  for (let step = 0; step < 4; step++, now += 15_000) await looked();
  expect([first, second].map(({ alerts }) => alerts.counts.firing)).toEqual([1, 1]);
  expect(first.alerts.show().calls).toMatchObject({ by: "elsewhere", waiting: 0 });
  expect(calls).toEqual([]);
  first.turn.caller = "here";
  await until("the call", () => notes.length === 1);
  expect(calls).toEqual(["firing"]);
  expect(first.alerts.show().calls).toMatchObject({ by: "here" });
  // It is gone, and the other one takes over. Were it to say anything, that would wait.
  first.turn.caller = "nobody";
  expect(first.alerts.show().calls).toMatchObject({ by: "nobody" });
  refuses = true;
  expect(second.turn.takeOver(notes[0]!)).toBe(notes[0]);
  second.turn.caller = "here";
  await looked();
  expect(second.alerts.show().calls).toMatchObject({ by: "here", waiting: 0 });
  refuses = false;
  now += 20 * 60_000;
  await until("the call that it is over", () => answer !== undefined);
  expect([calls, notes.length]).toEqual([["firing", "resolved"], 1]);
  // A stop waits for a call that is under way: its note is kept.
  const stopped = second.stop();
  answer!();
  await stopped;
  expect(notes).toHaveLength(2);
}, 20_000);

test("a name with several addresses is each of them, an instance with two families one; one that is not known is watched as it stands", async () => {
  const pages = readPages([
    "router=http://router:9464/metrics",
    "sender=http://10.0.0.1:9464/metrics",
    "ingest=http://gone:9464/metrics",
    "dlr=http://six:9464/metrics",
  ]);
  const addresses = async (host: string) => {
    if (host === "router") return ["fd00::7", "10.0.0.7", "10.0.0.8", "fd00::8"];
    if (host === "six") return ["fd00::8"];
    throw new Error("ENOTFOUND");
  };
  expect(await instancesOf(pages, addresses)).toEqual([
    { service: "router", instance: "10.0.0.7:9464", url: "http://10.0.0.7:9464/metrics" },
    { service: "router", instance: "10.0.0.8:9464", url: "http://10.0.0.8:9464/metrics" },
    { service: "sender", instance: "10.0.0.1:9464", url: "http://10.0.0.1:9464/metrics" },
    { service: "ingest", instance: "gone:9464", url: "http://gone:9464/metrics" },
    { service: "dlr", instance: "[fd00::8]:9464", url: "http://[fd00::8]:9464/metrics" },
  ]);
});

test("an instance whose address is gone is down, and not forgotten", async () => {
  let now = 1_000_000_000;
  const page = new URL(await serve((_, response) => response.end("")));
  let known = ["127.0.0.1", "127.0.0.2"];
  let looks = 0;
  const alerts = await openAlerts(
    scope().scope,
    {
      pages: readPages([`router=http://router:${page.port}/metrics`]),
      ...{ everyMs: 20, callUrl: undefined, callShape: "webhook", now: () => now, addresses: async () => known },
    },
    () => void looks++,
  );
  const looked = async () => {
    const before = looks;
    await until("another two looks", () => looks >= before + 2);
  };
  await looked();
  known = ["127.0.0.1"];
  for (let step = 0; step < 8; step++, now += 15_000) await looked();
  expect(alerts.show().alerts).toMatchObject([
    { name: "InstanceDown", state: "firing", labels: { service: "router", instance: `127.0.0.2:${page.port}` } },
  ]);
});

test("settings that name no page or no address are refused, and a secret is not repeated", () => {
  expect(() => readPages(["router"])).toThrow("router is no service=");
  expect(() => readPages(["router=http://"])).toThrow("SLUICE_CONSOLE_METRICS");
  expect(() => checkCallUrl(new Secret("hooks.example/s3cret"))).toThrow(/^SLUICE_CONSOLE_ALERT_URL is no http/);
  expect(() => checkCallUrl(new Secret("https://hooks.example/s3cret"))).not.toThrow();
});

test("a page that is too large, late or refused is none", async () => {
  const url = await serve((request, response) => {
    if (request.url === "/large") response.end("x".repeat(2_000));
    else if (request.url === "/refused") response.writeHead(500).end();
    else if (request.url === "/page") response.end("up 1");
  });
  const limit = { ms: 200, octets: 1_000 };
  expect(await fetchText(`${url}/page`, limit)).toBe("up 1");
  await expect(fetchText(`${url}/large`, limit)).rejects.toThrow("more than 1000 octets");
  await expect(fetchText(`${url}/refused`, limit)).rejects.toThrow("it answered 500");
  await expect(fetchText(`${url}/late`, limit)).rejects.toThrow();
  await expect(postJson("http://127.0.0.1:9/s3cret", "{}", 1_000)).rejects.toThrow(/^it cannot be reached: \w+$/);
});

test("the worst stands first", () => {
  const board = new AlertBoard(new Map());
  const alert = (name: string, state: string, severity: string) => ({
    key: name,
    name,
    state,
    severity,
    activeSince: 0,
  });
  board.take(
    [
      alert("a", "resolved", "page"),
      alert("b", "firing", "ticket"),
      alert("c", "pending", "page"),
      alert("d", "firing", "page"),
    ] as never,
    5,
  );
  const rest = {
    watched: 1,
    rules: 1,
    leftOut: 0,
    calls: { to: "nobody", by: "here", waiting: 0, trouble: null },
  } as const;
  expect(board.show(rest).alerts.map(({ name }) => name)).toEqual(["d", "b", "c", "a"]);
  expect(board.counts).toEqual({ firing: 2, pending: 1 });
});
