import { describe, expect, it } from "vitest";
import { AddressGuard, AddressRefusedError, isRange } from "../../../../platform/http/address-guard.ts";

const guard = new AddressGuard();

describe("addresses that are not for the public", () => {
  it.each([
    ...["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9"],
    ...["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"],
    ...["198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"],
    ...["255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:7f00:1", "::127.0.0.1"],
    ...["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1"],
    ...["ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1", "fd00:ec2::254"],
  ])("%s", (address) => expect(guard.allows(address)).toBe(false));
});

describe("addresses that are", () => {
  it.each([
    ...["1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.1.1.1", "172.15.0.1"],
    ...["172.32.0.1", "192.167.1.1", "192.169.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255"],
    ...["2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888"],
  ])("%s", (address) => expect(guard.allows(address)).toBe(true));
});

it("allows what a setting names, and nothing beside it", () => {
  const wide = new AddressGuard(["10.1.0.0/16", "::1/128"]);
  expect(["10.1.2.3", "::1"].map((one) => wide.allows(one))).toEqual([true, true]);
  expect(["10.2.0.1", "::2", "127.0.0.1"].map((one) => wide.allows(one))).toEqual([false, false, false]);
  expect(() => new AddressGuard(["10.0.0.0"])).toThrow("10.0.0.0: no range of addresses, such as 127.0.0.0/8");
  expect(["10.0.0.0/33", "a/8", "::/129", "10.0.0/8"].map(isRange)).toEqual([false, false, false, false]);
});

it("takes what is no address for none", () => {
  for (const text of ["", "localhost", "127.1", "0x7f000001", "1.1.1.1/32", "fe80::1%eth0"])
    expect(guard.allows(text), text).toBe(false);
});

describe("a host's look-up", () => {
  /** A name server that answers when it is told to. */
  function slowNames() {
    const open: { host: string; answer: (error: Error | null, found: unknown) => void }[] = [];
    const resolve = (host: string, _: unknown, answer: (error: Error | null, found: unknown) => void) =>
      void open.push({ host, answer });
    return { open, guarded: new AddressGuard([], resolve as never) };
  }

  it("is made once for all connections that wait for it: the system has few threads for look-ups", () => {
    const { open, guarded } = slowNames();
    const got: unknown[] = [];
    for (let i = 0; i < 3; i++)
      guarded.lookup("slow.example", { all: true }, (error, addresses) => got.push(error ?? addresses));
    guarded.lookup("other.example", { all: true }, () => {});
    expect(open.map(({ host }) => host)).toEqual(["slow.example", "other.example"]);
    const addresses = [{ address: "1.1.1.1", family: 4 }];
    open[0]!.answer(null, addresses);
    expect(got).toEqual([addresses, addresses, addresses]);
    // What comes afterwards is looked up anew.
    guarded.lookup("slow.example", { all: true }, () => {});
    expect(open).toHaveLength(3);
  });

  it("is judged for each of them", () => {
    const { open, guarded } = slowNames();
    const got: unknown[] = [];
    for (const all of [true, false]) guarded.lookup("slow.example", { all }, (error) => got.push(error));
    open[0]!.answer(null, [{ address: "127.0.0.1", family: 4 }]);
    expect(got.map((error) => error instanceof AddressRefusedError)).toEqual([true, true]);
    guarded.lookup("gone.example", {}, (error) => got.push(error));
    const failed = new Error("ENOTFOUND");
    open[1]!.answer(failed, undefined);
    expect(got[2]).toBe(failed);
  });
});
