import { expect, test, vi } from "vitest";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { Lifecycle } from "../../../platform/lifecycle/lifecycle.ts";
import { readyVerdict } from "../../../platform/lifecycle/verdicts.ts";
import { createLog } from "../../../platform/log/create-log.ts";
import { ProviderStarts } from "../../../services/sender/provider-starts.ts";

const missing = () => new SluiceError("topics are missing: sms.dispatch.beta.otp", { code: "TOPIC_MISSING" });

/** A process with a part for each provider; what `start` of a part throws is the test's to say. */
function world(starts: Record<string, () => void>) {
  const scope = new Lifecycle(createLog({ service: "sender", instance: "s", level: "fatal", format: "json" }));
  const started: string[] = [];
  const parts = Object.entries(starts).map(([id, start]) => ({ provider: { id }, start: async () => start() }));
  const all = new ProviderStarts(scope, (id) => started.push(id), 20);
  const done = Promise.all(parts.map((part) => all.start(part))).then(() => scope.started());
  const ready = async () => readyVerdict(scope.state, await scope.readiness.report());
  return { scope, started, done, ready };
}

test("a provider whose topics are missing or do not fit leaves the others at work, and is told of", async () => {
  let there = false;
  const mismatch = new SluiceError("Topic sms.dispatch.gamma.otp has 1 partitions", { code: "PARTITIONS_MISMATCH" });
  const { scope, started, done, ready } = world({
    alpha: () => {},
    beta: () => {
      if (!there) throw missing();
    },
    gamma: () => {
      throw mismatch;
    },
  });
  await done;
  expect(started).toEqual(["alpha"]);
  expect(await ready()).toMatchObject({
    ok: true,
    body: {
      degraded: {
        "provider beta": expect.stringContaining("topics are missing: sms.dispatch.beta.otp"),
        "provider gamma": expect.stringContaining("Topic sms.dispatch.gamma.otp has 1 partitions"),
      },
    },
  });
  there = true;
  await vi.waitFor(() => expect(started).toEqual(["alpha", "beta"]));
  expect(Object.keys((await scope.readiness.report()).degraded)).toEqual(["provider gamma"]);
  await scope.stop(0);
});

test("a process of which no provider's part starts is not ready, and says why", async () => {
  const { scope, done, ready } = world({
    beta: () => {
      throw missing();
    },
  });
  await done;
  expect(await ready()).toMatchObject({
    ok: false,
    body: { notReady: { providers: expect.stringContaining("missing") } },
  });
  await scope.stop(0);
});

test("while Kafka does not answer, the process waits, is not ready, and starts all when it does", async () => {
  let away = true;
  const kafka = () => {
    if (away) throw new Error("connect ECONNREFUSED");
  };
  const { scope, started, done, ready } = world({ alpha: kafka, beta: kafka });
  await vi.waitFor(async () =>
    expect(await ready()).toMatchObject({
      ok: false,
      body: { notReady: { "kafka (dispatch topics of beta)": expect.stringContaining("ECONNREFUSED") } },
    }),
  );
  expect(started).toEqual([]);
  away = false;
  await done;
  expect(started.sort()).toEqual(["alpha", "beta"]);
  expect((await ready()).ok).toBe(true);
  await scope.stop(0);
});
