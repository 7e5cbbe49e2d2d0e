import { expect, it } from "vitest";
import { isNetwork, networkOf, sourceOf, trustedProxies } from "../../../../services/ingest/access/source-network.ts";

const PROXIES = trustedProxies(["10.0.0.7", "10.1.0.0/16", "2001:db8:1::/48"]);

function source(remoteAddress: string | undefined, forwarded?: string | string[]): string {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded as string };
  return sourceOf({ socket: { remoteAddress }, headers }, PROXIES);
}

it("what a trusted proxy says counts, as far as those before it are trusted", () => {
  expect(source("10.0.0.7", "203.0.113.9")).toBe("203.0.113.9");
  expect(source("10.0.0.7", "198.51.100.1, 203.0.113.9, 10.1.2.3")).toBe("203.0.113.9");
  expect(source("::ffff:10.0.0.7", "203.0.113.9")).toBe("203.0.113.9");
  expect(source("2001:db8:1::9", "203.0.113.9")).toBe("203.0.113.9");
  expect(source("10.0.0.7", "203.0.113.9, unknown")).toBe("10.0.0.7");
  expect(source("10.0.0.7", "")).toBe("10.0.0.7");
  // With the client's port, as some proxies write it.
  expect(source("10.0.0.7", "203.0.113.9:51234")).toBe("203.0.113.9");
  expect(source("10.0.0.7", "[2001:db8:2:3::9]:51234")).toBe(networkOf("2001:db8:2:3::9"));
});

it("what anybody else says does not", () => {
  expect(source("10.0.0.8", "203.0.113.9")).toBe("10.0.0.8");
  expect(source("203.0.113.1", "10.0.0.7")).toBe("203.0.113.1");
  expect(source(undefined, "203.0.113.9")).toBe("");
});

it("addresses of IPv6 count by their /64, however they are written", () => {
  for (const address of ["2001:db8:0:7::1", "2001:0DB8::7:aa:bb:cc:dd", "2001:db8:0:7:1:2:3:4", "2001:db8:0:7::%eth0"])
    expect(networkOf(address)).toBe("2001:db8:0:7::/64");
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
});

it("networks are addresses and CIDR blocks", () => {
  for (const good of ["10.0.0.7", "10.0.0.0/8", "::1", "2001:db8::/32", "0.0.0.0/0"])
    expect(isNetwork(good)).toBe(true);
  for (const bad of ["proxy.example.net", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/8/8", ""])
    expect(isNetwork(bad)).toBe(false);
});
