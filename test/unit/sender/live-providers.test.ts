import { expect, test } from "vitest";
import { parseProvider } from "../../../domain/catalog/catalog.ts";
import type { Provider } from "../../../domain/catalog/provider.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { Lifecycle } from "../../../platform/lifecycle/lifecycle.ts";
import { createLog } from "../../../platform/log/create-log.ts";
import { LiveProviders } from "../../../services/sender/live-providers.ts";

function provider(id: string, more: object = {}): Provider {
  const smpp = { host: "127.0.0.1", port: 1, systemId: "s", password: "p" };
  const parsed = parseProvider({
    id,
    kind: "smpp",
    rate: 100,
    currency: "EUR",
    smpp,
    prices: [{ price: "0.01" }],
    ...more,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

function world(only?: readonly string[]) {
  const told: string[] = [];
  const scope = new Lifecycle(createLog({ service: "sender", instance: "s", level: "fatal", format: "json" }));
  const providers = new LiveProviders({
    scope,
    only,
    make: (of, retired) => ({
      provider: of,
      limit: ({ id, rate, use }) => void told.push(`limit ${id} ${rate}${use === "normal" ? "" : ` ${use}`}`),
      start: async () => void told.push(`start ${of.id} ${of.rate}${retired ? " retired" : ""}`),
      stop: async () => void told.push(`stop ${of.id}`),
    }),
    observe: ({ provider: { id } }) => {
      told.push(`show ${id}`);
      return () => told.push(`hide ${id}`);
    },
  });
  const change = async (list: readonly Provider[], retired: readonly Provider[] = []) => {
    told.length = 0;
    const catalog = { accounts: [], providers: [...list], routes: [], retired: [...retired], regions: [] };
    await providers.change(snapshotOf(catalog));
    return [...told];
  };
  return { providers, change, scope, told };
}

test("a provider comes, changes, is removed, comes back and is gone; the others are left alone", async () => {
  const { change, providers } = world();
  expect(await change([provider("a")])).toEqual(["start a 100", "show a"]);
  expect(await change([provider("a"), provider("b")])).toEqual(["start b 100", "show b"]);
  expect(await change([provider("a"), provider("b", { window: 50 })])).toEqual([
    "stop b",
    "hide b",
    "start b 100",
    "show b",
  ]);
  expect(await change([provider("a")], [provider("b")])).toEqual(["stop b", "hide b", "start b 100 retired", "show b"]);
  expect(await change([provider("a"), provider("b")])).toEqual(["stop b", "hide b", "start b 100", "show b"]);
  expect(await change([provider("a")])).toEqual(["stop b", "hide b"]);
  expect(providers.parts.map(({ provider: { id } }) => id)).toEqual(["a"]);
});

test("other limits hold at once, and the link goes on; a rate for which more is staged ahead begins anew", async () => {
  const { change } = world();
  await change([provider("a"), provider("b")]);
  expect(await change([provider("a"), provider("b", { rate: 200 })])).toEqual(["limit b 200"]);
  expect(await change([provider("a"), provider("b", { rate: 200 })])).toEqual([]);
  const networkRates = [{ country: "DE", rate: 10 }];
  expect(await change([provider("a", { networkRates }), provider("b", { rate: 200 })])).toEqual(["limit a 100"]);
  const limits = { networkRates, quota: { daily: 10, zone: "Europe/Berlin" } };
  expect(await change([provider("a", limits), provider("b", { rate: 200 })])).toEqual(["limit a 100"]);
  expect(await change([provider("a", limits), provider("b", { rate: 5_000 })])).toEqual([
    "stop b",
    "hide b",
    "start b 5000",
    "show b",
  ]);
});

test("a price is nothing to a sender", async () => {
  const { change } = world();
  await change([provider("a")]);
  expect(await change([provider("a", { prices: [{ price: "0.02" }], volume: { committed: 5 } })])).toEqual([]);
});

test("one that is drained goes on with its link; one that is of no use hands back what it has", async () => {
  const { change } = world();
  await change([provider("a")]);
  expect(await change([provider("a", { use: "drain" })])).toEqual(["limit a 100 drain"]);
  expect(await change([provider("a")])).toEqual(["limit a 100"]);
  expect(await change([provider("a", { use: "none" })])).toEqual(["stop a", "hide a", "start a 100 retired", "show a"]);
  expect(await change([provider("a")])).toEqual(["stop a", "hide a", "start a 100", "show a"]);
});

test("a process that is for some providers starts these alone", async () => {
  const { change } = world(["b"]);
  expect(await change([provider("a"), provider("b")])).toEqual(["start b 100", "show b"]);
});

test("changes are carried out one after the other, and none after a stop", async () => {
  const { providers, told } = world();
  const with_ = (...ids: string[]) =>
    providers.change(
      snapshotOf({ accounts: [], providers: ids.map((id) => provider(id)), routes: [], retired: [], regions: [] }),
    );
  void with_("a", "b");
  void with_("b");
  await with_("c");
  expect(told).toEqual([
    "start a 100",
    "start b 100",
    "show a",
    "show b",
    "stop a",
    "hide a",
    "stop b",
    "hide b",
    "start c 100",
    "show c",
  ]);
  await providers.stop();
  await with_("d");
  expect(told.slice(10)).toEqual(["stop c", "stop c", "hide c"]);
});
