import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { type HttpProvider, providerSchema } from "../../../domain/catalog/provider.ts";
import { HttpLink, type HttpUnit } from "../../../services/sender/http-link.ts";
import { Submission } from "../../../services/sender/submission.ts";
import type { UnitResult } from "../../../services/sender/unit-result.ts";
import { dispatchOf } from "./dispatches.ts";

test("a request that waited for its connection, and must not be written any more, does not leave", async () => {
  let arrived = 0;
  const server = createServer((_, response) => {
    arrived++;
    response.writeHead(201, { "content-type": "application/json" }).end('{"sid":"SM1"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = new HttpLink(
    providerSchema.parse({
      id: "http",
      kind: "http-twilio",
      currency: "EUR",
      rate: 10,
      window: 10,
      prices: [{ price: "0.1" }],
      http: {
        baseUrl,
        accountSid: "AC1",
        authToken: "t",
        statusCallbackUrl: "http://127.0.0.1:1/cb",
        timeoutMs: 5_000,
      },
    }) as HttpProvider,
  );
  const leaving: number[] = [];
  let mayLeave = false;
  let settle: (result: UnitResult) => void = () => {};
  link.start({
    onUp: () => {},
    onDown: () => {},
    onRoom: () => {},
    onLeaving: (segments) => {
      leaving.push(segments);
      return mayLeave;
    },
    onResult: (_submission, _unit, result) => settle(result),
  });
  const send = () =>
    new Promise<UnitResult>((resolve) => {
      settle = resolve;
      expect(link.send(new Submission<HttpUnit>(link.prepare(dispatchOf(), 1_000_000)), 0)).toBe("sent");
    });
  expect(await send()).toEqual({ outcome: "unsent", code: "withdrawn", stayed: true });
  expect([arrived, link.inFlight]).toEqual([0, 0]);
  mayLeave = true;
  expect(await send()).toMatchObject({ outcome: "accepted", id: "SM1" });
  expect(leaving).toEqual([1, 1]);
  await link.stop(1_000);
  server.close();
});
