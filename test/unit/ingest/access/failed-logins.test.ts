import { expect, it } from "vitest";
import { FailedLogins } from "../../../../services/ingest/access/failed-logins.ts";

const HERE = "192.0.2.1";
const wrong = (source = HERE, account?: string) => ({ source, account, key: undefined });
const right = (source = HERE, account?: string) => ({ source, account, key: "acme/main" });

/** How many wrong keys are looked at before one is not. */
function triesOf(logins: FailedLogins, now: number, login: (n: number) => ReturnType<typeof wrong>): number {
  for (let n = 0; n < 1_000; n++) if (logins.judge(login(n), now).outcome === "throttled") return n;
  return 1_000;
}

it("an address has twenty tries at once, and then one in six seconds, whether its key is right or not", () => {
  const logins = new FailedLogins();
  expect(triesOf(logins, 0, () => wrong())).toBe(20);
  expect(logins.judge(wrong(), 0)).toEqual({ outcome: "throttled", waitSeconds: 6 });
  expect(logins.judge(right(), 0)).toEqual({ outcome: "throttled", waitSeconds: 6 });
  expect(logins.judge(right("192.0.2.2"), 0).outcome).toBe("known");
  expect(logins.judge(wrong(), 5_999).outcome).toBe("throttled");
  expect(logins.judge(wrong(), 6_000).outcome).toBe("unknown");
  expect(logins.judge(wrong(), 6_000).outcome).toBe("throttled");
  expect(triesOf(logins, 3_600_000, () => wrong())).toBe(20);
});

it("a key that was right from an address within a day is let in there, whatever others of it try", () => {
  const logins = new FailedLogins();
  expect(logins.judge(right(), 0).outcome).toBe("known");
  triesOf(logins, 0, () => wrong());
  expect(logins.judge(right(), 0).outcome).toBe("known");
  expect(logins.judge({ ...right(), key: "globex/main" }, 0).outcome).toBe("throttled");
  const day = 24 * 3_600_000;
  triesOf(logins, day + 60_001, () => wrong());
  expect(logins.judge(right(), day + 60_001).outcome).toBe("throttled");
});

it("a right key makes up for no wrong one: whoever has one cannot try others for ever", () => {
  const logins = new FailedLogins();
  for (let n = 0; n < 20; n++) {
    logins.judge(right(), 0);
    logins.judge(wrong(), 0);
  }
  expect(logins.judge(wrong(), 0).outcome).toBe("throttled");
});

it("an account is guessed at a hundred times at once from all addresses, and those that use it are not shut out", () => {
  const logins = new FailedLogins();
  logins.judge(right("198.51.100.7", "acme"), 0);
  expect(triesOf(logins, 0, (n) => wrong(`10.0.${n}.1`, "acme"))).toBe(100);
  expect(logins.judge(right("203.0.113.1", "acme"), 0)).toEqual({ outcome: "throttled", waitSeconds: 2 });
  expect(logins.judge(right("198.51.100.7", "acme"), 0).outcome).toBe("known");
  expect(logins.judge(right("203.0.113.1", "globex"), 0).outcome).toBe("known");
  logins.keepAccounts((id) => id !== "acme");
  expect(logins.judge(right("203.0.113.1", "acme"), 0).outcome).toBe("known");
});

it("remembers ten thousand addresses, and lets those that failed longest ago begin anew", () => {
  const logins = new FailedLogins();
  triesOf(logins, 0, () => wrong("192.0.2.1"));
  triesOf(logins, 0, () => wrong("192.0.2.2"));
  for (let n = 0; n < 9_999; n++) logins.judge(wrong(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`), 0);
  expect(logins.judge(wrong("192.0.2.2"), 0).outcome).toBe("throttled");
  expect(logins.judge(wrong("192.0.2.1"), 0).outcome).toBe("unknown");
});
