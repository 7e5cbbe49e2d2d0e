import { createServer } from "node:net";
import { z } from "zod";
import { loadConfig } from "../../../../platform/config/load-config.ts";
import { oneOf } from "../../../../platform/config/settings.ts";
import { runService } from "../../../../platform/lifecycle/run-service.ts";

/** A service for run-service.test.ts, whose behaviour is chosen by SLUICE_BEHAVIOUR. */
const config = loadConfig(
  "fixture",
  z.object({ behaviour: oneOf(["plain", "hang", "reject", "throw", "fail-start", "wait"]).default("plain") }),
);
await runService({
  name: "fixture",
  config,
  start: async (scope) => {
    const { behaviour } = config;
    // Open for as long as the process is meant to work, whatever else keeps it alive.
    await scope.add("server", { start: () => createServer().listen(0), stop: (server) => void server.close() });
    await scope.add("part", {
      start: () => scope.log.info("part started"),
      stop: () => (behaviour === "hang" ? new Promise(() => {}) : scope.log.info("part stopped")),
    });
    scope.metrics.counter("fixture_starts_total", { help: "Starts" }).with().add();
    if (behaviour === "fail-start") throw new Error("cannot start");
    if (behaviour === "wait") {
      await scope.waitFor("kafka", () => {
        throw new Error("refused");
      });
    }
    if (behaviour === "reject") setImmediate(() => void Promise.reject(new Error("forgotten promise")));
    if (behaviour === "throw") {
      setImmediate(() => {
        throw new Error("thrown in a callback");
      });
    }
  },
});
