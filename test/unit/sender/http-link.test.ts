import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type HttpProvider, providerSchema } from "../../../domain/catalog/provider.ts";
import type { Dispatch } from "../../../schemas/generated/types.ts";
import { HttpLink, type HttpUnit } from "../../../services/sender/http-link.ts";
import { Submission } from "../../../services/sender/submission.ts";
import type { UnitResult } from "../../../services/sender/unit-result.ts";
import { until } from "../smpp/loopback.ts";
import { dispatchOf } from "./dispatches.ts";

function providerOf(http: object): HttpProvider {
  return providerSchema.parse({
    id: "http",
    kind: "http-twilio",
    currency: "EUR",
    rate: 10,
    window: 10,
    prices: [{ price: "0.1" }],
    http: {
      baseUrl: "http://127.0.0.1:1",
      accountSid: "AC1",
      authToken: "t",
      statusCallbackUrl: "http://127.0.0.1:1/cb",
      timeoutMs: 5_000,
      ...http,
    },
  }) as HttpProvider;
}

function unitsOf(link: HttpLink, dispatch: Dispatch): HttpUnit[] {
  const units = link.prepare(dispatch, 1_000_000);
  if (typeof units === "string") throw new Error(units);
  return units;
}

/** The form that a message is posted as. */
function formOf(http: object, from: string | null): URLSearchParams | string {
  const dispatch = dispatchOf();
  const units = new HttpLink(providerOf(http)).prepare({ ...dispatch, facts: { ...dispatch.facts, from } }, 1_000_000);
  return typeof units === "string" ? units : new URLSearchParams(units[0]!.body);
}

test.each([
  ["491700000099", {}, { From: "+491700000099" }],
  ["+491700000099", {}, { From: "+491700000099" }],
  ["123456789", {}, { From: "+123456789" }],
  ["00491700000099", {}, { From: "+491700000099" }],
  [null, { from: "00491700000099" }, { From: "+491700000099" }],
  ["+12345678", {}, { From: "+12345678" }],
  ["68849", {}, { From: "68849" }],
  ["12345678", {}, { From: "12345678" }],
  ["ACME", {}, { From: "ACME" }],
  ["ACME", { from: "Other" }, { From: "ACME" }],
  ["ACME", { messagingServiceSid: "MG1" }, { From: "ACME" }],
  [null, { from: "4915700000001" }, { From: "+4915700000001" }],
  [null, { from: "ACME" }, { From: "ACME" }],
  [null, { messagingServiceSid: "MG1" }, { MessagingServiceSid: "MG1" }],
])("a message from %s with %j is sent with %j", (from, http, sender) => {
  const form = formOf(http, from) as URLSearchParams;
  const sent = [...form].filter(([name]) => name === "From" || name === "MessagingServiceSid");
  expect(Object.fromEntries(sent)).toEqual(sender);
});

test("what goes out in place of the message's sender is what is sent", () => {
  const { facts, ...dispatch } = dispatchOf();
  const units = new HttpLink(providerOf({})).prepare({ ...dispatch, facts: { ...facts, sentAs: "12345" } }, 1_000_000);
  expect(new URLSearchParams((units as { body: string }[])[0]!.body).get("From")).toBe("12345");
});

test("a message that nobody gives a sender goes back without a request that would only be refused", () => {
  expect(formOf({}, null)).toBe("sender-missing");
});

test.each([
  ["http://a/cb", "http://a/cb?m=ID&d=TO"],
  ["http://a/cb?x=1", "http://a/cb?x=1&m=ID&d=TO"],
  ["http://a/cb?", "http://a/cb?m=ID&d=TO"],
  ["http://a/cb#rc=2&rp=all", "http://a/cb?m=ID&d=TO#rc=2&rp=all"],
  ["http://a/cb?x=1#rc=2", "http://a/cb?x=1&m=ID&d=TO#rc=2"],
])("statuses to %s are asked for at %s", (statusCallbackUrl, expected) => {
  const { messageId, to } = dispatchOf().facts;
  const form = formOf({ statusCallbackUrl }, "ACME") as URLSearchParams;
  expect(form.get("StatusCallback")).toBe(expected.replace("ID", messageId).replace("TO", to));
});

const closes: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0)) await close();
});

/** A link to a server of the test's, with all that it reports. */
async function world(answer: (response: ServerResponse, n: number) => void, http: object = {}) {
  const w = { arrived: 0, leaving: [] as number[], mayLeave: true, results: [] as UnitResult[], late: [] as unknown[] };
  const server = createServer((_, response) => answer(response, w.arrived++)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = new HttpLink(providerOf({ baseUrl, ...http }));
  link.start({
    onUp: () => {},
    onDown: () => {},
    onRoom: () => {},
    onLeaving: (segments) => {
      w.leaving.push(segments);
      return w.mayLeave;
    },
    onResult: (_submission, _unit, result) => void w.results.push(result),
    onLate: (submission, unit, result) => void w.late.push([submission, unit, result]),
  });
  closes.push(async () => {
    await link.stop(0);
    server.closeAllConnections();
    server.close();
  });
  const send = () => {
    const submission = new Submission<HttpUnit>(unitsOf(link, dispatchOf()));
    expect(link.send(submission, 0)).toBe("sent");
    return submission;
  };
  return { w, link, send };
}

const accept = (response: ServerResponse, sid: string) =>
  response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ sid }));

test("a request that waited for its connection, and must not be written any more, does not leave", async () => {
  const { w, link, send } = await world((response) => accept(response, "SM1"));
  w.mayLeave = false;
  send();
  await until(() => w.results.length === 1, "a result");
  expect(w.results).toEqual([{ outcome: "unsent", code: "withdrawn", stayed: true }]);
  expect([w.arrived, link.inFlight]).toEqual([0, 0]);
  w.mayLeave = true;
  send();
  await until(() => w.results.length === 2, "a result");
  expect(w.results[1]).toMatchObject({ outcome: "accepted", id: "SM1" });
  expect(w.leaving).toEqual([1, 1]);
});

test("an answer after the time-out is handed over late; meanwhile the request holds no place among those under way", async () => {
  const open: ServerResponse[] = [];
  const { w, link, send } = await world((response) => void open.push(response), { timeoutMs: 60, maxInFlight: 2 });
  const submissions = [send(), send()];
  expect(link.room).toBe(0);
  await until(() => w.results.length === 2, "time-outs");
  expect(w.results[0]).toEqual({ outcome: "in-doubt", code: "response-timeout" });
  expect([link.room, link.inFlight]).toEqual([2, 0]);
  // The connections of the late ones are none of theirs.
  const third = send();
  await until(() => open.length === 3, "a third request");
  accept(open[2]!, "SM3");
  await until(() => w.results.length === 3, "its answer");
  expect(w.results[2]).toMatchObject({ outcome: "accepted", id: "SM3" });
  accept(open[1]!, "SM2");
  open[0]!.writeHead(400, { "content-type": "application/json" }).end('{"code":21211}');
  await until(() => w.late.length === 2, "late answers");
  expect(w.late).toContainEqual([submissions[1], 0, { outcome: "accepted", code: "", id: "SM2" }]);
  expect(w.late).toContainEqual([submissions[0], 0, expect.objectContaining({ code: "21211" })]);
  expect(third.concluded).toBe(false);
});

test("of the requests that have timed out only as many are waited for as may be under way, and a fault is no answer", async () => {
  const open: ServerResponse[] = [];
  const { w, send } = await world((response) => void open.push(response), { timeoutMs: 40, maxInFlight: 1 });
  for (let n = 1; n <= 3; n++) {
    send();
    await until(() => w.results.length === n, "a time-out");
  }
  await until(() => open[0]!.destroyed && open[1]!.destroyed, "the older ones are given up");
  expect(open[2]!.destroyed).toBe(false);
  open[2]!.destroy();
  send();
  await until(() => w.results.length === 4, "another time-out");
  expect(w.late).toEqual([]);
});
