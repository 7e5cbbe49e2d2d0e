import { describe, expect, it } from "vitest";
import { clusterEndpoints, dataDir, readClusterConfig } from "../../../infra/local/cluster-config.ts";
import { describeCluster } from "../../../infra/local/cluster-summary.ts";
import { controlSocket } from "../../../infra/local/control-protocol.ts";

const read = (env: Record<string, string>) => readClusterConfig(env, "/project");

describe("cluster configuration", () => {
  it("has defaults that need no setting", () => {
    const config = read({});
    expect(config).toMatchObject({ brokers: 1, scope: "all", stateDir: "/project/.sluice", kafkaPort: 19_092 });
    expect(clusterEndpoints(config)).toEqual({
      brokers: ["127.0.0.1:19092"],
      registryUrl: "http://127.0.0.1:18081/apis/ccompat/v7",
      clickhouseUrl: "http://127.0.0.1:18123",
    });
  });

  it("shifts every port that has no setting of its own", () => {
    const config = read({ SLUICE_PORT_OFFSET: "100", SLUICE_REGISTRY_PORT: "9999", BROKERS: "3" });
    expect(config).toMatchObject({ controllerPort: 19_195, registryPort: 9999, clickhouseHttpPort: 18_223 });
    expect(clusterEndpoints(config).brokers).toEqual(["127.0.0.1:19192", "127.0.0.1:19193", "127.0.0.1:19194"]);
  });

  it.each([
    [{ BROKERS: "2" }, "BROKERS=2: expected one of 1, 3"],
    [{ SLUICE_KAFKA_PORT: "x" }, "SLUICE_KAFKA_PORT=x: expected a whole number"],
    [{ SLUICE_PORT_OFFSET: "-1" }, "SLUICE_PORT_OFFSET=-1"],
    [{ SLUICE_KAFKA_HEAP: "lots" }, "SLUICE_KAFKA_HEAP=lots"],
    [{ SLUICE_STATE_DIR: "/" }, "SLUICE_STATE_DIR=/: use a folder of its own"],
    [{ SLUICE_STATE_DIR: "/project" }, "use a folder of its own"],
  ])("refuses %j", (env, message) => expect(() => read(env as Record<string, string>)).toThrow(message));

  it("tells clusters apart that cannot be the same", () => {
    const summaries = [{}, { BROKERS: "3" }, { SLUICE_PORT_OFFSET: "1" }, { SLUICE_CLUSTER_SCOPE: "infra" }];
    expect(new Set(summaries.map((env) => describeCluster(read(env as Record<string, string>)))).size).toBe(4);
    expect(dataDir(read({}), "kafka-1")).not.toBe(dataDir(read({ BROKERS: "3" }), "kafka-1"));
  });

  it("keeps the control socket's path within what the kernel takes", () => {
    expect(controlSocket("/project/.sluice")).toBe("/project/.sluice/control.sock");
    expect(Buffer.byteLength(controlSocket(`/${"long/".repeat(40)}`))).toBeLessThanOrEqual(107);
  });
});
