import { expect, test } from "vitest";
import type { Provider } from "../../../../domain/catalog/provider.ts";
import { rivalsOf } from "../../../../domain/catalog/rivals.ts";
import { routeSchema } from "../../../../domain/catalog/route.ts";

const provider = (id: string, ...lanes: string[]) => ({ id, lanes, use: "normal" }) as unknown as Provider;
const route = (id: string, ...ids: string[]) =>
  routeSchema.parse({ id, strategy: "priority", providers: ids.map((of) => ({ id: of })) });

test("rivals share a route and a lane", () => {
  const providers = [
    provider("a", "otp", "transactional"),
    provider("b", "otp"),
    provider("c", "marketing"),
    provider("d", "otp"),
    provider("e", "transactional"),
  ];
  const routes = [route("one", "a", "b", "c"), route("two", "e", "a"), route("three", "d", "b")];
  const of = (id: string) => rivalsOf(providers.find((one) => one.id === id)!, { routes, providers });
  expect(of("a")).toEqual(["b", "e"]);
  expect(of("b")).toEqual(["a", "d"]);
  expect(of("c")).toEqual([]);
  expect(of("e")).toEqual(["a"]);
});

test("who is out of use is nobody's rival, and has its own", () => {
  const providers = [
    provider("a", "otp"),
    { ...provider("b", "otp"), use: "drain" },
    provider("c", "otp"),
  ] as Provider[];
  const routes = [route("one", "a", "b", "c")];
  expect(rivalsOf(providers[0]!, { routes, providers })).toEqual(["c"]);
  expect(rivalsOf(providers[1]!, { routes, providers })).toEqual(["a", "c"]);
});
