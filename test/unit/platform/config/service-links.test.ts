import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../../../platform/config/parse-config.ts";
import { serviceLinks } from "../../../../platform/config/service-links.ts";
import { port, text } from "../../../../platform/config/settings.ts";
import { KNOWN_VARIABLES } from "../../../../schemas/generated/variables.ts";

type Port = { number: number; protocol: "TCP" | "UDP" | "SCTP"; name?: string };

/** What the kubelet writes for a Service (pkg/kubelet/envvars): the first port also without a number. */
function kubernetes(service: string, address: string, ports: readonly Port[]): Record<string, string> {
  const name = service.toUpperCase().replaceAll("-", "_");
  const host = address.includes(":") ? `[${address}]` : address;
  const url = ({ number, protocol }: Port) => `${protocol.toLowerCase()}://${host}:${number}`;
  const env: Record<string, string> = {
    [`${name}_SERVICE_HOST`]: address,
    [`${name}_SERVICE_PORT`]: String(ports[0]!.number),
    [`${name}_PORT`]: url(ports[0]!),
  };
  for (const one of ports) {
    const prefix = `${name}_PORT_${one.number}_${one.protocol}`;
    env[prefix] = url(one);
    env[`${prefix}_PROTO`] = one.protocol.toLowerCase();
    env[`${prefix}_PORT`] = String(one.number);
    env[`${prefix}_ADDR`] = address;
    if (one.name !== undefined)
      env[`${name}_SERVICE_PORT_${one.name.toUpperCase().replaceAll("-", "_")}`] = String(one.number);
  }
  return env;
}

/** What Docker writes for `--link web:alias`, as Compose's old networks did too. */
const docker = (alias: string): Record<string, string> => {
  const name = alias.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
  return {
    [`${name}_NAME`]: `/web/${alias}`,
    [`${name}_PORT`]: "tcp://172.17.0.5:18080",
    [`${name}_PORT_18080_TCP`]: "tcp://172.17.0.5:18080",
    [`${name}_PORT_18080_TCP_ADDR`]: "172.17.0.5",
    [`${name}_PORT_18080_TCP_PORT`]: "18080",
    [`${name}_PORT_18080_TCP_PROTO`]: "tcp",
    [`${name}_PORT_18080_TCP_START`]: "tcp://172.17.0.5:18080",
    [`${name}_PORT_18080_TCP_END`]: "tcp://172.17.0.5:18090",
    [`${name}_PORT_18080_TCP_PORT_START`]: "18080",
    [`${name}_PORT_18080_TCP_PORT_END`]: "18090",
    [`${name}_ENV_LANG`]: "C.UTF-8",
    [`${name}_ENV_SECRET`]: "s3cret",
  };
};

const schema = z.object({ httpPort: port().default(18_080), httpHost: text().default("127.0.0.1") });
const parse = (env: Record<string, string>) =>
  parseConfig([schema], { env, knownKeys: KNOWN_VARIABLES, readSecretFile: () => "" });
const reasons = (env: Record<string, string>) => {
  const result = parse(env);
  return result.ok ? [] : result.failure.map(({ name, reason }) => `${name} ${reason}`);
};

describe("what Kubernetes and Docker say of other machines", () => {
  const http: Port[] = [{ number: 18_080, protocol: "TCP", name: "http" }];
  it.each([
    ["a Service", kubernetes("sluice", "10.0.0.7", http)],
    ["several ports", kubernetes("sluice", "10.0.0.7", [...http, { number: 53, protocol: "UDP", name: "dns-udp" }])],
    ["IPv6", kubernetes("sluice", "fd00:10::7", http)],
    [
      "several Services",
      { ...kubernetes("sluice-ingest", "10.0.0.8", http), ...kubernetes("sluice", "10.0.0.7", http) },
    ],
    ["a name of ours", kubernetes("sluice-http", "10.0.0.9", http)],
    [
      "other names of ours",
      { ...kubernetes("sluice-kafka", "10.0.0.9", http), ...kubernetes("sluice-admin", "10.0.0.1", http) },
    ],
    ["a name with a trap", kubernetes("sluice-service", "10.0.0.9", http)],
    ["one variable of it", { SLUICE_PORT: "tcp://10.0.0.7:18080" }],
    ["Docker", docker("sluice")],
    ["Docker Compose's numbers", { ...docker("sluice_1"), ...docker("sluice-router-1") }],
  ])("is no setting of ours: %s", (_, env) => {
    expect(parse(env)).toEqual({ ok: true, value: { httpPort: 18_080, httpHost: "127.0.0.1" } });
  });

  it("does not hide what a person has written beside it", () => {
    const env = kubernetes("sluice", "10.0.0.7", http);
    expect(reasons({ ...env, SLUICE_PORT_OFSET: "1" })).toEqual([
      "SLUICE_PORT_OFSET is not a known variable; did you mean SLUICE_PORT_OFFSET?",
    ]);
    expect(reasons({ ...env, SLUICE_HTTP_PROT: "8080" })[0]).toContain("did you mean SLUICE_HTTP_PORT?");
    expect(reasons({ ...env, SLUICE_PARTITONS: "12" })[0]).toContain("did you mean SLUICE_PARTITIONS?");
    expect(parse({ ...kubernetes("sluice-http", "10.0.0.9", http), SLUICE_HTTP_PORT: "8080" })).toMatchObject({
      value: { httpPort: 8_080 },
    });
  });

  it.each([
    { SLUICE_PORT: "18080" },
    { SLUICE_PORT: "http://10.0.0.7:18080" },
    { SLUICE_SERVICE_PORT: "8080" },
    { SLUICE_SERVICE_HOST: "0.0.0.0" },
    { SLUICE_SERVICE_HOST: "sluice.example", SLUICE_SERVICE_PORT: "8080" },
    { SLUICE_PORT_18080_TCP: "tcp://10.0.0.7:18081" },
    { SLUICE_PORT_18080_TCP_PORT: "18081" },
    { SLUICE_NAME: "/etc/passwd" },
    { SLUICE_ENV_LANG: "C" },
  ])("is not this: %j", (env) => {
    expect(reasons(env)).toEqual(
      [expect.stringContaining("is not a known variable")].concat(
        Object.keys(env).length > 1 ? [expect.stringContaining("is not a known variable")] : [],
      ),
    );
  });

  it("leaves a mistyped value of a setting to be found", () => {
    expect(reasons({ SLUICE_HTTP_PORT: "tcp://10.0.0.7:80" })).toEqual([
      "SLUICE_HTTP_PORT must be a port from 1 to 65535",
    ]);
  });
});

test("whatever a Service is called, wherever it is and whichever ports it has: all of it is recognised, and nothing else", () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}[a-z0-9]$/);
  const ports = fc.array(
    fc.record({
      number: fc.integer({ min: 1, max: 65_535 }),
      protocol: fc.constantFrom("TCP" as const, "UDP" as const, "SCTP" as const),
      name: label,
    }),
    { minLength: 1, maxLength: 4 },
  );
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((ip) => !ip.includes(".")),
  );
  fc.assert(
    fc.property(fc.option(label, { nil: undefined }), address, ports, (suffix, ip, all) => {
      const env = kubernetes(suffix === undefined ? "sluice" : `sluice-${suffix}`, ip, all);
      const mine = { SLUICE_PARTITIONS: "6", SLUICE_PARTITONS: "12", PATH: "/bin" };
      const links = serviceLinks({ ...env, ...mine }, "SLUICE_", new Set(["SLUICE_PARTITIONS"]));
      expect([...links].sort()).toEqual(Object.keys(env).sort());
    }),
  );
});
