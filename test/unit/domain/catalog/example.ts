import { parseCatalog } from "../../../../domain/catalog/catalog.ts";

/** A sound installation as plain data: two SMPP providers and an HTTP one. Each call gives fresh objects. */
export function examplePlain() {
  const smpp = { host: "127.0.0.1", port: 2775, systemId: "sluice", password: "secret-1" };
  const http = {
    baseUrl: "http://127.0.0.1:8080",
    accountSid: "AC1",
    authToken: "secret-2",
    statusCallbackUrl: "https://example.org/webhooks/twilio/web",
  };
  const common = { rate: 100, currency: "EUR" };
  return {
    accounts: [
      { id: "acme", name: "Acme", apiKeys: [{ id: "main", sha256: "a".repeat(64) }] },
      { id: "globex", name: "Globex", lanes: ["marketing"], maxPerSecond: 10 },
    ],
    providers: [
      {
        id: "north",
        kind: "smpp",
        ...common,
        smpp,
        prices: [{ price: "0.05" }, { country: "DE", price: "0.0075" }, { mccMnc: "26201", price: "0.006" }],
      },
      {
        id: "south",
        kind: "smpp",
        ...common,
        smpp: { ...smpp, idFormat: "hex" },
        prices: [
          { country: "DE", price: "0.008" },
          { country: "FR", price: "0.03" },
        ],
        lanes: ["transactional", "marketing"],
      },
      { id: "web", kind: "http-twilio", ...common, http, prices: [{ price: "0.09" }], partitions: 3 },
    ],
    routes: [
      {
        id: "acme-codes",
        when: { accounts: ["acme"], lanes: ["otp"] },
        strategy: "priority",
        providers: [{ id: "web" }, { id: "north" }],
      },
      {
        id: "germany",
        when: { countries: ["DE"] },
        strategy: "weighted",
        providers: [{ id: "north", weight: 3 }, { id: "south" }],
      },
      { id: "rest", strategy: "priority", providers: [{ id: "north" }, { id: "south" }, { id: "web" }] },
    ] as Record<string, unknown>[],
  };
}

export function exampleCatalog() {
  const parsed = parseCatalog(examplePlain(), 12);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}
