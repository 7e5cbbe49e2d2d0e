import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parse } from "yaml";
import { loadCatalog } from "../../../domain/catalog/load-catalog.ts";
import { withMovedPorts, writeCatalog } from "../../../infra/local/local-catalog.ts";
import { revealSecret } from "../../../pipeline/boot/reveal-secret.ts";
import { configFolder } from "../../../platform/config/yaml-file.ts";

const ports = { offset: 4_000, simulators: [12_775, 12_776, 12_777], webhooks: 18_090 };
const SHIPPED = resolve(import.meta.dirname, "../../../infra/local/catalog");

const smpp = (host: string, port: number) =>
  `- { id: a, smpp: { host: "${host}", port: ${port}, password: "0123" } }\n`;
const http = (baseUrl: string, callback: string) =>
  `- { id: b, http: { baseUrl: "${baseUrl}", statusCallbackUrl: "${callback}" } }\n`;

it.each([
  ["127.0.0.1", 12_775, 16_775],
  ["localhost", 12_777, 16_777],
])("moves a simulator: %s:%i", (host, port, wanted) => {
  expect(parse(withMovedPorts(smpp(host, port), ports)!)).toMatchObject([
    { smpp: { host, port: wanted, password: "0123" } },
  ]);
});

it.each([
  ["another host with a simulator's port", smpp("smpp.example.net", 12_775)],
  ["this machine with another port", smpp("127.0.0.1", 2_775)],
  ["a port that is a text", '- { smpp: { host: "127.0.0.1", port: "12775" } }\n'],
  ["an address without a port", http("https://api.twilio.com", "https://dlr.example.net/webhooks/twilio/b")],
  ["an address of this machine without one", http("http://127.0.0.1", "http://localhost/webhooks/twilio/b")],
  ["another host with the webhooks' port", http("https://api.example.net:12777", "https://dlr.example.net:18090/x")],
  ["a mapping, no list", "a: { smpp: { host: 127.0.0.1, port: 12775 } }\n"],
  ["what is no YAML", "- id: a\n\tsmpp: { host: 127.0.0.1, port: 12775 }\n"],
  ["an alias without an anchor", "- *x\n"],
  ["nothing", ""],
])("leaves alone %s", (_, text) => expect(withMovedPorts(text, ports)).toBeUndefined());

it("moves the port alone of an address, and each of the two by itself", () => {
  const text = http("http://localhost:12777/base/", "https://dlr.example.net:8443/webhooks/twilio/b?x=1");
  expect(parse(withMovedPorts(text, ports)!)).toMatchObject([
    {
      http: {
        baseUrl: "http://localhost:16777/base/",
        statusCallbackUrl: "https://dlr.example.net:8443/webhooks/twilio/b?x=1",
      },
    },
  ]);
  const user = http("http://me:12777@LOCALHOST:12777", "https://dlr.example.net/");
  expect(parse(withMovedPorts(user, ports)!)).toMatchObject([{ http: { baseUrl: "http://me:12777@LOCALHOST:16777" } }]);
  const callback = http("https://api.twilio.com", "http://127.0.0.1:18090/webhooks/twilio/b");
  expect(parse(withMovedPorts(callback, ports)!)).toMatchObject([
    { http: { baseUrl: "https://api.twilio.com", statusCallbackUrl: "http://127.0.0.1:22090/webhooks/twilio/b" } },
  ]);
});

it("leaves the rest of the text as it stands, so that lines in messages are those of the source", () => {
  const text = `# mine\r\n${smpp("127.0.0.1", 12_775)}\n# more\n${http("http://localhost:12777", "https://dlr.example.net/")}`;
  const moved = text.replace("12775", "16775").replace("12777", "16777");
  expect(withMovedPorts(text, ports)).toBe(moved);
  const shipped = readFileSync(join(SHIPPED, "providers.yaml"), "utf8");
  expect(withMovedPorts(shipped, ports)?.split("\n")).toHaveLength(shipped.split("\n").length);
});

it("moves what stands in an anchor, too, for the entry that has the port", () => {
  const text = [
    "- { id: a, smpp: &shared { host: 127.0.0.1, port: 12775, systemId: s } }",
    "- { id: b, smpp: { <<: *shared, port: 2775 } }",
    "- { id: c, smpp: *shared }",
  ].join("\n");
  const moved = parse(withMovedPorts(text, ports)!) as { smpp: { port: number } }[];
  expect(moved.map((provider) => provider.smpp.port)).toEqual([16_775, 2_775, 16_775]);
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-catalog-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("writes the catalog that ships with all of its simulators moved, and one of one's own as it stands", () => {
  const target = join(folder, "run");
  const providers = () => readFileSync(join(target, "providers.yaml"), "utf8");
  writeCatalog(SHIPPED, target, ports);
  const shipped = parse(providers()) as { smpp?: { port: number }; http?: { baseUrl: string } }[];
  expect(shipped.map(({ smpp, http }) => smpp?.port ?? http?.baseUrl)).toEqual([
    16_775,
    16_776,
    "http://127.0.0.1:16777",
  ]);
  const own = join(folder, "own");
  cpSync(SHIPPED, own, { recursive: true });
  const text = `# mine\r\n${http("https://api.twilio.com", "https://dlr.example.net/webhooks/twilio/b")}`;
  writeFileSync(join(own, "providers.yaml"), text);
  writeCatalog(own, target, ports);
  expect(providers()).toBe(text);
  writeCatalog(SHIPPED, target, { ...ports, offset: 0 });
  expect(providers()).toBe(readFileSync(join(SHIPPED, "providers.yaml"), "utf8"));
});

it("says which variable names a folder that is not there", () => {
  expect(() => writeCatalog(join(folder, "nowhere"), join(folder, "run"), ports)).toThrow(
    /nowhere: SLUICE_CATALOG_DIR/,
  );
});

it("ships a catalog that can be applied as it stands, with the secrets that the simulators expect", () => {
  const { providers } = loadCatalog(configFolder(SHIPPED), 6, { namedSecretsOnly: true, reveal: revealSecret });
  for (const provider of providers) {
    const file = readFileSync(resolve(SHIPPED, `../simulators/${provider.id}.yaml`), "utf8");
    const [account] = (parse(file) as { accounts: { password?: string; authToken?: string }[] }).accounts;
    const secret = provider.kind === "smpp" ? provider.smpp.password : provider.http.authToken;
    expect(secret).toBe(account!.password ?? account!.authToken);
  }
  expect(providers).toHaveLength(3);
});
