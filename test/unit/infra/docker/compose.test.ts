import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { containerProviders } from "../../../../infra/docker/container-providers.ts";
import {
  clickhouse,
  clickhouseUsers,
  READER_GRANTS,
  READER_INTERVAL,
  READER_PROFILE,
  SERVICE_GRANTS,
} from "../../../../infra/local/clickhouse-process.ts";
import { readClusterConfig } from "../../../../infra/local/cluster-config.ts";
import { sluiceProcesses } from "../../../../infra/local/sluice-processes.ts";

const PROJECT = resolve(import.meta.dirname, "../../../..");
const read = (file: string) => readFileSync(join(PROJECT, file), "utf8");

interface ComposeService {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cpu_shares?: number;
}

const { services, volumes } = parse(read("docker-compose.yml"), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const own = Object.entries(services).filter(([, { image }]) => image === "sluice:local");

test.each(own)("the image of %s has what it runs and mounts", (_, service) => {
  const copied = [...read("infra/docker/Dockerfile").matchAll(/^COPY (?!--from)(\S+) \.\/\1$/gm)].map(
    ([, path]) => path,
  );
  const script = service.command?.[1] ?? "";
  expect(existsSync(join(PROJECT, script))).toBe(true);
  expect(copied).toContain(script.split("/")[0]);
  for (const mount of service.volumes ?? []) {
    const [source = "", target] = mount.split(":");
    if (source.startsWith(".")) expect(existsSync(join(PROJECT, source))).toBe(true);
    else {
      expect(Object.keys(volumes)).toContain(source);
      // A volume takes over the owner that the folder has in the image; else the service could not write to it.
      expect(read("infra/docker/Dockerfile")).toContain(`chown node:node ${target}`);
    }
  }
});

test.each(["STORE_DIR", "SENDER_JOURNAL_DIR"])(
  "who has the setting SLUICE_%s keeps it on a volume, and nobody else is given it",
  (name) => {
    const setting = `| \`SLUICE_${name}\``;
    const sections = read("docs/configuration.md").split(/^## /m).slice(1);
    const wanted = sections.filter((section) => section.includes(setting)).map((section) => /^\S+/.exec(section)![0]);
    const given = own.filter(([, { environment }]) => environment?.[`SLUICE_${name}`] !== undefined);
    expect(given.map(([service]) => service).sort()).toEqual(wanted.sort());
    for (const [, { environment, volumes: mounts }] of given) {
      const kept = mounts!.map((mount) => mount.split(":")).filter(([source]) => !source!.startsWith("."));
      const folder = environment![`SLUICE_${name}`]!;
      expect(kept.some(([, target]) => folder.startsWith(`${target}/`))).toBe(true);
    }
  },
);

test("analytics and callbacks stand back from messages as they do natively, and nothing else does", () => {
  const back = Object.entries(services).filter(([, { cpu_shares }]) => cpu_shares !== undefined);
  expect(back.map(([name, { cpu_shares }]) => [name, cpu_shares])).toEqual([
    ["clickhouse", 102],
    ["analytics-sink", 102],
    ["callbacks", 102],
  ]);
  const config = readClusterConfig({}, PROJECT);
  const native = [clickhouse(config), ...sluiceProcesses(config)].filter(({ niceness }) => niceness !== undefined);
  expect(native.map(({ name, niceness }) => [name, niceness])).toEqual([
    ["clickhouse", 10],
    ["analytics-sink", 10],
    ["callbacks", 10],
  ]);
});

test("containers have the local cluster's providers; if not: npx node infra/docs/generate.ts", () => {
  const text = read("infra/docker/providers.yaml");
  expect(text).toBe(containerProviders(read("infra/local/catalog/providers.yaml")));
  const hosts = [...text.matchAll(/(?:host: |\/\/)([a-z][a-z0-9-]*)/g)].map(([, host]) => host);
  expect(hosts.filter((host) => host === undefined || !(host in services))).toEqual([]);
  expect(text).not.toContain("127.0.0.1");
});

test("a simulator listens where the providers of the catalog point", () => {
  const providers = parse(read("infra/docker/providers.yaml")) as {
    id: string;
    smpp?: { port: number };
    http?: { baseUrl: string };
  }[];
  const ports = providers.map(({ id, smpp, http }) => [id, String(smpp?.port ?? new URL(http?.baseUrl ?? "").port)]);
  expect(ports).toEqual(providers.map(({ id }) => [id, services[id]?.environment?.SLUICE_SIMULATOR_PORT]));
});

test("ClickHouse's users may do in a container what they may do natively, and none is without a password", () => {
  const native = clickhouseUsers({ sluice: "one", reader: "two" });
  const container = read("infra/docker/clickhouse-users.xml");
  const grants = (text: string) => [...text.matchAll(/<query>([^<]*)<\/query>/g)].map(([, grant]) => grant);
  expect(grants(container)).toEqual([...SERVICE_GRANTS, ...READER_GRANTS]);
  expect(grants(native)).toEqual(grants(container));
  for (const text of [native, container]) {
    expect(text).toContain(`<reader>${READER_PROFILE}</reader>`);
    expect(text).toContain(`<reader>${READER_INTERVAL}</reader>`);
    expect(text).toMatch(/<profile>reader<\/profile>\s*<quota>reader<\/quota>/);
  }
  for (const right of [
    "FILE",
    "URL",
    "REMOTE",
    "S3",
    "SOURCES",
    "ALL",
    "SYSTEM",
    "CREATE DICTIONARY",
    "CREATE FUNCTION",
    "BACKUP",
  ])
    expect(grants(container).join("\n")).not.toMatch(new RegExp(`\\b${right}\\b`));
  expect(container).toContain('<default remove="remove"/>');
  expect([...container.matchAll(/<password from_env="(\w+)"\/>/g)].map(([, name]) => name)).toEqual([
    "SLUICE_CLICKHOUSE_PASSWORD",
    "SLUICE_CLICKHOUSE_READER_PASSWORD",
  ]);
  expect(container).not.toMatch(/<password>|no_password/);
  const ports = (services.clickhouse as { ports?: readonly string[] }).ports ?? [];
  expect(ports).toHaveLength(2);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test("Prometheus asks each service by its addresses and, for `up` alone, by its name, since one that is stopped has no address", () => {
  interface Job {
    readonly job_name: string;
    readonly dns_sd_configs?: readonly { readonly names: readonly string[] }[];
    readonly static_configs?: readonly { readonly targets: readonly string[]; readonly labels: object }[];
    readonly metric_relabel_configs?: readonly object[];
  }
  const { scrape_configs: jobs } = parse(read("infra/prometheus/prometheus.yml")) as { scrape_configs: readonly Job[] };
  const job = (name: string) => jobs.find(({ job_name }) => job_name === name)!;
  const watched = own.filter(([, { command }]) => /^services\/[a-z-]+\/main\.ts$/.test(command?.[1] ?? ""));
  const names = watched.map(([name]) => name);
  expect(names).toContain("router");
  expect(job("sluice").dns_sd_configs![0]!.names).toEqual(names);
  const byName = job("sluice-services");
  expect(byName.static_configs).toEqual(
    names.map((service) => ({ targets: [`${service}:9464`], labels: { service } })),
  );
  expect(byName.metric_relabel_configs).toEqual([{ action: "drop", source_labels: ["__name__"], regex: ".*" }]);
});
