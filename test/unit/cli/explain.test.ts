import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import { type DeliveryView, NO_DELIVERIES } from "../../../domain/routing/delivery-view.ts";
import { explain } from "../../../domain/routing/explain.ts";
import type { Health } from "../../../schemas/generated/types.ts";
import { UsageError } from "../../../services/cli/command.ts";
import { readExplainArguments } from "../../../services/cli/explain/explain-arguments.ts";
import { explainTable } from "../../../services/cli/explain/explain-report.ts";
import { healthOf } from "../../../services/cli/explain/live-state.ts";
import { runCli } from "../../../services/cli/sluice.ts";
import { exampleCatalog } from "../domain/catalog/example.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";

const MONDAY_NOON = Date.UTC(2026, 0, 5, 12);

describe("an explanation for people", () => {
  const example = exampleCatalog();
  const [north] = example.providers;
  const said = (routes = example.routes) => {
    const request = validateSendRequest({ to: "+33612345678", text: "Grüße 🎉" });
    if (!request.ok) throw new Error(JSON.stringify(request.problems));
    const snapshot = snapshotOf({ ...example, routes, retired: [{ ...north!, id: "gone" }] });
    const open = {
      open: true,
      circuit: "open",
      reason: "bind refused",
      backlogSeconds: 1.5,
      rate: 80,
      segmentsThisMonth: 7,
      spentThisMonth: 0,
      monthEnd: 9,
    } as const;
    const health = (id: string) => (id === "north" ? open : undefined);
    const explanation = explain(snapshot, { request: request.request, account: "acme", at: MONDAY_NOON, health });
    return explainTable(explanation, { catalog: "version 7", health: "live, from Kafka" }).split("\n");
  };

  it("is a table", () => {
    expect(said()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^to {10}\+33612345678: FR, network 208/),
        'message     ucs2, 1 segment, for "🎉" (U+1F389) at 6',
        "catalog     version 7",
        "health      live, from Kafka",
        "route       rest, number 3, priority",
        "provider    south, by failover",
        "         verdict         price     score  circuit              backlog  rate",
        "  north  circuit-open    0.05 EUR         open (bind refused)  1.5 s    80/s",
        "  south  chosen          0.03 EUR  1      never heard of",
        "  web    lower-priority  0.09 EUR         never heard of",
        "  score: weight among those of its priority",
        "removed, taking nothing new: gone",
      ]),
    );
  });

  it("says what it would wait for", () => {
    const request = validateSendRequest({ to: "+33612345678", text: "hi", sendAt: "2026-01-06T12:00:00Z" });
    if (!request.ok) throw new Error(JSON.stringify(request.problems));
    const asked = { request: request.request, account: "acme", at: MONDAY_NOON, health: () => undefined };
    const optOut = { state: "opted_out", source: "keyword", at: 1, offset: 0 } as const;
    const table = explainTable(explain(snapshotOf(example), { ...asked, recipient: { optOut } }), {
      ...{ catalog: "version 7", health: "live" },
    });
    expect(table).toContain("\nwaits       handed in for 2026-01-06T12:00:00.000Z\n");
    expect(table).toContain("\nends        the recipient said stop on 1970-01-01T00:00:00.001Z\n");
  });

  it("shows how each delivers, as receipts say, where they say anything", () => {
    const request = validateSendRequest({ to: "+33612345678", text: "hi" });
    if (!request.ok) throw new Error("request");
    const known = { ...NO_DELIVERIES.of("", "", undefined, "otp"), mayTry: () => true };
    const of: DeliveryView["of"] = (provider, country) =>
      provider === "north"
        ? { ...known, delivery: 0.914, p95Ms: 8_140, share: 1 }
        : provider === "south" && country === "FR"
          ? { ...known, delivery: 0.2, share: 0 }
          : NO_DELIVERIES.of(provider, country, undefined, "otp");
    const snapshot = snapshotOf(example);
    const explanation = explain(snapshot, {
      request: request.request,
      account: "acme",
      at: MONDAY_NOON,
      health: () => undefined,
      delivery: { of },
    });
    const lines = explainTable(explanation, { catalog: "version 7", health: "live, from Kafka" });
    expect(lines).toMatch(/north .* 91\.4 %, 95 % of them within 8\.1 s\n/);
    expect(lines).toMatch(/south .* 20\.0 %; left, its receipts have collapsed\n/);
    expect(lines).toMatch(/web .* no receipts yet\n/);
    expect(explanation.candidates.map(({ delivery }) => delivery)).toEqual([
      { probability: 0.914, p95Ms: 8_140, share: 1 },
      { probability: 0.2, p95Ms: null, share: 0 },
      null,
    ]);
  });

  it("names what makes a text UCS-2, and what plain characters would save or have saved", () => {
    const text = `${"Your parcel is on its way. ".repeat(3)}It’s here…`;
    const line = (transliterate: boolean) => {
      const request = validateSendRequest({ to: "+33612345678", text, transliterate });
      if (!request.ok) throw new Error("request");
      const asked = { request: request.request, account: "acme", at: MONDAY_NOON, health: () => undefined };
      const lines = explainTable(explain(snapshotOf(example), asked), { catalog: "", health: "" }).split("\n");
      return lines.find((one) => one.startsWith("message "));
    };
    expect(line(false)).toBe(
      'message     ucs2, 2 segments, for "’" (U+2019) at 83 and 1 other; 1 segment with --transliterate',
    );
    expect(line(true)).toBe("message     gsm7, 1 segment, 1 fewer than the text as given");
  });

  it("shows what converts beside what is delivered, where applications tell, and whose receipts are not borne out", () => {
    const request = validateSendRequest({ to: "+33612345678", text: "hi" });
    if (!request.ok) throw new Error("request");
    const known = NO_DELIVERIES.of("", "", undefined, "otp");
    const delivery = {
      of: () => ({ ...known, alpha: 950, beta: 50, delivery: 0.95 }),
      converts: (provider: string, country: string) => {
        expect(country).toBe("FR");
        if (provider === "web") return undefined;
        const [told, converted] = provider === "north" ? [100.04, 60] : [92, 2];
        return { levels: [{ trials: told, successes: converted }], told, converted, suspect: provider === "south" };
      },
    };
    const input = { request: request.request, account: "acme", at: MONDAY_NOON, health: () => undefined, delivery };
    const explanation = explain(snapshotOf(example), input);
    // What is delivered counts for eight messages told of.
    expect(explanation.candidates.map(({ conversion }) => conversion)).toEqual([
      { probability: expect.closeTo((60 + 8 * 0.95) / 108.04, 9), told: 100, suspect: false },
      { probability: expect.closeTo((2 + 8 * 0.95) / 100, 9), told: 92, suspect: true },
      null,
    ]);
    const lines = explainTable(explanation, { catalog: "version 7", health: "live, from Kafka" });
    expect(lines).toMatch(/verdict .* rate +delivers +converts\n/);
    expect(lines).toMatch(/north .* 95\.0 % +62\.6 %, of 100 told\n/);
    expect(lines).toMatch(/south .* 95\.0 % +9\.6 %, of 92 told; suspect: far fewer than of the others/);
    expect(lines).toMatch(/web .* nothing told\n/);
  });

  it("says that there is none", () => {
    expect(said([])).toEqual(
      expect.arrayContaining([
        "route       none: no route's conditions hold",
        "provider    none: no-route",
        "not in this route: north, south, web",
      ]),
    );
  });
});

describe("health that was read", () => {
  const word = (provider: string, at: number, more: Partial<Health> = {}): Health => ({
    ...BLANK_HEALTH,
    ...{ provider, partition: 0, instance: "s", circuit: "closed", reason: null, rate: 50, effectiveRate: 0 },
    ...{ backlog: 100, queues: [0, 0, 100, 0, 0, 0], inFlight: 0, at, ...more },
  });
  const now = MONDAY_NOON;

  it("is of the newest words; a sender that is silent is gone, and one that was never heard of is unknown", () => {
    const words = [
      word("a", now - 500),
      word("b", now - 20_000),
      word("c", now, { circuit: "open", reason: "bind refused" }),
    ];
    const health = healthOf(words, () => 10, now);
    const month = { segmentsThisMonth: 0, spentThisMonth: 0, monthEnd: 0 };
    const closed = { open: false, circuit: "closed", reason: null, rate: 50, ...month };
    expect(health("a", "marketing")).toEqual({ ...closed, backlogSeconds: 2 });
    expect(health("a", "otp")).toEqual({ ...closed, backlogSeconds: 0 });
    expect(health("b", "otp")).toMatchObject({ open: true, circuit: "silent" });
    expect(health("c", "otp")).toMatchObject({ open: true, circuit: "open", reason: "bind refused" });
    expect(health("d", "otp")).toBeUndefined();
  });

  it("is the best of what its partitions say", () => {
    const said = (...circuits: Health["circuit"][]) =>
      healthOf(
        circuits.map((circuit, partition) => word("a", now, { circuit, partition })),
        () => 10,
        now,
      )("a", "otp");
    expect(said("open", "closed")).toMatchObject({ open: false, circuit: "closed" });
    expect(said("open", "half_open")).toMatchObject({ open: false, circuit: "half-open" });
    expect(said("open", "open")).toMatchObject({ open: true, circuit: "open" });
  });

  it("does not depend on whose clock is a little ahead, and is not taken for new when all of it is old", () => {
    expect(healthOf([word("a", now + 30_000)], () => 10, now)("a", "otp")).toMatchObject({ open: false });
    expect(healthOf([word("a", now - 30_000)], () => 10, now)("a", "otp")).toMatchObject({ open: false });
    expect(healthOf([word("a", now - 90_000)], () => 10, now)("a", "otp")).toMatchObject({ open: true });
  });
});

describe("sluice explain", () => {
  const env = {
    SLUICE_CATALOG_DIR: resolve(import.meta.dirname, "../../../infra/local/catalog"),
    // Nobody listens there.
    SLUICE_KAFKA_BROKERS: "127.0.0.1:9",
    SLUICE_REGISTRY_URL: "http://127.0.0.1:9",
  };
  async function cli(...args: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const host = { env, print: (line: string) => out.push(line), tell: (line: string) => err.push(line) };
    const code = await runCli(["explain", ...args], host);
    return { code, out: out.join("\n"), err: err.join("\n") };
  }

  it("explains by the catalog's files, also without Kafka", async () => {
    const { code, out } = await cli("--to", "+491711234567", "--lane", "otp");
    expect(code).toBe(0);
    expect(out).toContain("route       one-time-passwords, number 1, priority");
    expect(out).toContain("health      not known, all providers count as well: ");
    expect(out).toMatch(/^catalog {5}the files of .*infra\/local\/catalog$/m);
    const json = await cli("--to", "+491711234567", "--lane", "otp", "--json");
    expect(JSON.parse(json.out)).toMatchObject({ provider: "smsc-a", reason: "priority" });
  });

  it("explains by other files, which may be wrong", async () => {
    const { code, err } = await cli("--to", "+491711234567", "--files", "/nowhere");
    expect([code, err]).toEqual([2, expect.stringContaining("/nowhere/accounts.yaml: cannot be read")]);
  });

  it("reads its arguments", () => {
    const given = ["--to", "+491711234567", "--from", "ACME", "--text", "x".repeat(161), "--label", "a=b=c"];
    expect(readExplainArguments([...given, "--at", "2026-01-31T12:00:00Z", "--account", "acme"])).toMatchObject({
      account: "acme",
      at: Date.UTC(2026, 0, 31, 12),
      json: false,
      request: { destination: "491711234567", from: "ACME", segments: 2, metadata: { a: "b=c" } },
    });
  });

  it.each([
    [[], "--to"],
    [["--to", "12"], "--to 12: "],
    [["--to", "+491711234567", "--lane", "fast"], "--lane fast: "],
    [["--to", "+491711234567", "--from", "far too long a name"], "--from far too long a name: "],
    [["--to", "+491711234567", "--text", ""], "--text "],
    [["--to", "+491711234567", "--label", "x"], "--label x: "],
    [["--to", "+491711234567", "--label", "1=x"], "--label 1=x: "],
    [["--to", "+491711234567", "--at", "noon"], "--at noon: "],
    [["--to", "+491711234567", "--too", "x"], "--too"],
    [["+491711234567"], "+491711234567"],
  ])("names what is wrong in %j", (args, message) => {
    expect(() => readExplainArguments(args)).toThrow(UsageError);
    expect(() => readExplainArguments(args)).toThrow(message);
  });

  it("names an account that is not in the catalog", async () => {
    expect(await cli("--to", "+491711234567", "--account", "nobody")).toMatchObject({
      code: 64,
      err: expect.stringContaining("--account nobody: no such account in the catalog"),
    });
  });
});
