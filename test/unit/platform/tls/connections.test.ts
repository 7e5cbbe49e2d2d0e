import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkConnections } from "../../../../pipeline/boot/check-connections.ts";
import { clientAddress } from "../../../../platform/clickhouse/settings.ts";
import { registryAddress } from "../../../../platform/codec/registry-settings.ts";
import { Secret } from "../../../../platform/config/secret.ts";
import { kafkaHint } from "../../../../platform/kafka/connection.ts";
import { kafkaConnection } from "../../../../platform/kafka/connection-settings.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { Authority } from "../../../fixture/certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));
const authority = new Authority(folder, "authority");
const ours = authority.sign("ours");
const other = authority.sign("other");
const expired = authority.sign("expired", -1);
const nothing = join(folder, "nothing.pem");
writeFileSync(nothing, "nothing\n");

const BROKERS = { kafkaBrokers: ["kafka.example.net:9093"] };
const kafka = (more: object) => kafkaConnection({ ...BROKERS, ...more }, "test", silentLog);
const tls = (more: object) => kafka({ kafkaTls: true, ...more });

describe("Kafka's settings", () => {
  it("are plain without any, as before", () => {
    expect(kafka({})).toEqual({ brokers: BROKERS.kafkaBrokers, clientId: "test", log: silentLog });
  });

  it("are TLS with the files' content, and SASL with the secret's", () => {
    const login = { kafkaSaslMechanism: "scram-sha-512", kafkaSaslUser: "sluice", kafkaSaslPassword: new Secret("s") };
    const made = tls({ kafkaTlsCa: authority.cert, kafkaTlsCert: ours.cert, kafkaTlsKey: ours.key, ...login });
    expect(made.ssl).toMatchObject({
      ca: expect.stringContaining("BEGIN CERTIFICATE"),
      cert: expect.stringContaining("BEGIN CERTIFICATE"),
      key: expect.stringContaining("PRIVATE KEY"),
    });
    expect(made.sasl).toEqual({ mechanism: "scram-sha-512", username: "sluice", password: "s" });
    expect(tls({}).ssl).not.toHaveProperty("ca");
  });

  it.each([
    [{ kafkaTls: true, kafkaTlsCa: "/no/such" }, /SLUICE_KAFKA_TLS_CA names \/no\/such, which cannot be read/],
    [{ kafkaTls: true, kafkaTlsCa: nothing }, /SLUICE_KAFKA_TLS_CA names .*nothing.pem, which holds no certificate/],
    [{ kafkaTls: true, kafkaTlsCert: ours.cert }, /SLUICE_KAFKA_TLS_CERT and SLUICE_KAFKA_TLS_KEY belong together/],
    [
      { kafkaTls: true, kafkaTlsCert: ours.cert, kafkaTlsKey: other.key },
      /_KEY names .*other.key, which is not the key of/,
    ],
    [{ kafkaTls: true, kafkaTlsCert: ours.cert, kafkaTlsKey: nothing }, /_KEY names .* no private key/],
    [
      { kafkaTls: true, kafkaTlsCert: expired.cert, kafkaTlsKey: expired.key },
      /_CERT names .*expired.pem, .* has expired on 20/,
    ],
    [{ kafkaTlsCa: authority.cert }, /SLUICE_KAFKA_TLS is not true/],
    [{ kafkaSaslUser: "sluice" }, /SLUICE_KAFKA_SASL_MECHANISM, .* belong together/],
    [
      { kafkaSaslMechanism: "plain", kafkaSaslUser: "u", kafkaSaslPassword: new Secret("p") },
      /set SLUICE_KAFKA_TLS=true/,
    ],
  ])("%j are refused by name", (given, said) => {
    expect(() => kafka(given)).toThrow(said);
  });
});

describe("the registry's", () => {
  const registry = (more: object) => registryAddress({ registryUrl: "https://registry.example.net/", ...more });

  it("show a user or a token, over TLS where the URL says so", () => {
    expect(registryAddress({ registryUrl: "http://127.0.0.1:1/" })).toEqual({
      ...{ url: "http://127.0.0.1:1", authorization: undefined, tls: undefined },
    });
    expect(registry({ registryTlsCa: authority.cert, registryToken: new Secret("t") })).toMatchObject({
      ...{ url: "https://registry.example.net", authorization: "Bearer t" },
      tls: { ca: expect.stringContaining("BEGIN") },
    });
    const user = { registryUser: "u", registryPassword: new Secret("p") };
    expect(registry(user).authorization).toBe("Basic dTpw");
    expect(() => registry({ ...user, registryToken: new Secret("t") })).toThrow("exclude each other");
    expect(() => registry({ registryUser: "u" })).toThrow("belong together");
    expect(() => registry({ registryTlsCa: "/no/such" })).toThrow("SLUICE_REGISTRY_TLS_CA names /no/such");
    expect(() => registryAddress({ registryUrl: "http://x", registryTlsCa: authority.cert })).toThrow("not https:");
  });
});

describe("ClickHouse's", () => {
  const config = { clickhouseUser: "u", clickhouseDatabase: "d" };
  const clickhouse = (more: object) => clientAddress({ ...config, clickhouseUrl: "https://ch.example.net", ...more });

  it("are TLS with an https: URL", () => {
    expect(clickhouse({})).not.toHaveProperty("tls");
    const files = { clickhouseTlsCa: authority.cert, clickhouseTlsCert: ours.cert, clickhouseTlsKey: ours.key };
    expect(Object.keys(clickhouse(files).tls ?? {})).toEqual(["ca_cert", "cert", "key"]);
    expect(Object.keys(clickhouse({ clickhouseTlsCa: authority.cert }).tls ?? {})).toEqual(["ca_cert"]);
    const withPassword = clickhouse({ ...files, clickhousePassword: new Secret("p") });
    expect([withPassword.tls, (withPassword.http_agent as Agent).options.cert]).toEqual([
      undefined,
      expect.any(String),
    ]);
    expect(() => clickhouse({ ...files, clickhouseTlsCa: undefined })).toThrow("needs SLUICE_CLICKHOUSE_TLS_CA");
    expect(() => clickhouse({ ...files, clickhouseUrl: "http://ch" })).toThrow("SLUICE_CLICKHOUSE_URL is not https:");
    expect(() => clickhouse({ ...files, clickhouseTlsKey: other.key })).toThrow("SLUICE_CLICKHOUSE_TLS_KEY names");
  });

  it("are looked at by --check, with the others", () => {
    const whole = { ...BROKERS, ...config, registryUrl: "http://r", clickhouseUrl: "https://c" };
    expect(() => checkConnections(whole)).not.toThrow();
    expect(() => checkConnections({ ...whole, clickhouseTlsCa: "/no/such" })).toThrow("SLUICE_CLICKHOUSE_TLS_CA");
    expect(() => checkConnections({ ...whole, kafkaTls: true, kafkaTlsCa: "/no/such" })).toThrow("SLUICE_KAFKA_TLS_CA");
    expect(() => checkConnections({ ...whole, registryUser: "u" })).toThrow("SLUICE_REGISTRY_USER");
  });
});

describe("a connection that is refused", () => {
  it("says which setting to look at, and a broker that is away does not", () => {
    const hint = (message: string, code = "") =>
      kafkaHint(Object.assign(new Error("x", { cause: new Error(message) }), { code }));
    expect(hint("unable to verify the first certificate")).toContain("SLUICE_KAFKA_TLS_CA");
    expect(hint("certificate has expired")).toContain("expired");
    expect(hint("", "ERR_TLS_CERT_ALTNAME_INVALID")).toContain("SLUICE_KAFKA_BROKERS");
    expect(hint("SSL routines::wrong version number")).toContain("does not speak TLS");
    expect(hint("tlsv13 alert certificate required")).toContain("SLUICE_KAFKA_TLS_CERT");
    expect(hint("SASL PLAIN authentication failed: Authentication failed")).toContain("SLUICE_KAFKA_SASL");
    expect(kafkaHint(Object.assign(new Error("Unauthorized"), { status: 401 }))).toContain("refuses the login");
    for (const away of ["connect ECONNREFUSED 127.0.0.1:1", "Connection timeout", "The group is rebalancing"])
      expect(hint(away)).toBeUndefined();
  });
});
