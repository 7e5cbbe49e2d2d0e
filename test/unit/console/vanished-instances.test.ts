import { expect, test } from "vitest";
import { VanishedInstances } from "../../../services/console/alerts/vanished-instances.ts";

const MINUTE = 60_000;

function world() {
  let at = 1_000_000_000;
  const vanished = new VanishedInstances(() => at);
  /** A look, a quarter of a minute after the last one. @returns who is watched beside */
  const look = (...found: string[]) => {
    at += MINUTE / 4;
    const targets = found.map((one) => {
      const [service = "", host = ""] = one.split(" ");
      return { service, instance: `${host}:9464`, url: `http://${host}:9464/metrics` };
    });
    return vanished.beside(targets).map(({ service, instance }) => `${service} ${instance}`);
  };
  return { look, pass: (ms: number) => (at += ms) };
}

test("one of two instances that is gone is watched on for five minutes", () => {
  const { look, pass } = world();
  expect(look("router 10.0.0.1", "router 10.0.0.2")).toEqual([]);
  expect(look("router 10.0.0.2")).toEqual(["router 10.0.0.1:9464"]);
  pass(4 * MINUTE);
  expect(look("router 10.0.0.2")).toEqual(["router 10.0.0.1:9464"]);
  pass(MINUTE);
  expect(look("router 10.0.0.2")).toEqual([]);
});

test("one that comes back is found, and one whose place a newcomer takes is gone on purpose", () => {
  const { look } = world();
  look("router 10.0.0.1", "router 10.0.0.2");
  look("router 10.0.0.2");
  expect(look("router 10.0.0.1", "router 10.0.0.2")).toEqual([]);
  expect(look("router 10.0.0.2", "router 10.0.0.3")).toEqual([]);
  // Of two that are gone one has been replaced.
  expect(look("router 10.0.0.3")).toEqual(["router 10.0.0.2:9464"]);
});

test("a service that is known by its name alone is watched by that, and begins anew; an address that another service has is its", () => {
  const { look } = world();
  look("router 10.0.0.1", "sender 10.0.0.2", "sender 10.0.0.3");
  expect(look("router router", "sender 10.0.0.3", "router 10.0.0.2")).toEqual([]);
  expect(look("router 10.0.0.4", "sender 10.0.0.3")).toEqual(["sender 10.0.0.2:9464"]);
});

test("no more than 200 addresses of a service are remembered", () => {
  const { look } = world();
  const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => `router 10.0.${from}.${n}`);
  look(...many(0, 150));
  look(...many(0, 150), ...many(1, 150));
  expect(look("router 10.0.1.149")).toHaveLength(199 - 1);
});
