import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./audit.ts";
import { type Installation, SERVICES, type Service } from "./installation.ts";

const LAST_LINES = 30;

/** What a service says at /readyz. */
export interface ReadyAnswer {
  readonly ready: boolean;
  /** By check: why it is not ready. */
  readonly notReady: Readonly<Record<string, string>>;
}

/** Asks a service; undefined when it does not answer at all. */
export async function askReady({ adminUrls }: Installation, service: Service): Promise<ReadyAnswer | undefined> {
  try {
    const response = await fetch(`${adminUrls[service]}/readyz`, { signal: AbortSignal.timeout(5_000) });
    const { notReady } = (await response.json()) as ReadyAnswer;
    return { ready: response.status === 200, notReady };
  } catch {
    return undefined;
  }
}

/** Waits until every service says that it is not ready, with a reason that matches; gives the milliseconds until the last did. */
export async function untilNotReady(installation: Installation, reason: RegExp, ms: number): Promise<number> {
  const began = performance.now();
  const left = new Set<Service>(SERVICES);
  const said: Record<string, unknown> = {};
  await until(
    () => `services say that they are not ready; last words: ${JSON.stringify(said)}`,
    async () => {
      for (const service of left) {
        const answer = await askReady(installation, service);
        said[service] = answer?.notReady;
        if (answer !== undefined && !answer.ready && Object.values(answer.notReady).some((why) => reason.test(why)))
          left.delete(service);
      }
      return left.size === 0;
    },
    ms,
  );
  return performance.now() - began;
}

/** Waits until every service is ready; gives the milliseconds until the last was. In vain, the error says what those that are not have logged. */
export async function untilReady(installation: Installation, ms: number): Promise<number> {
  const began = performance.now();
  const waiting = new Map<Service, unknown>();
  await until(
    () => {
      const logs = logLines(installation);
      const words = [...waiting].map(([service, said]) =>
        [`${service}: ${JSON.stringify(said)}`, ...logs[service].slice(-LAST_LINES)].join("\n  "),
      );
      return `all services are ready; not ready:\n${words.join("\n")}`;
    },
    async () => {
      waiting.clear();
      for (const [i, answer] of (await Promise.all(SERVICES.map((one) => askReady(installation, one)))).entries())
        if (answer?.ready !== true) waiting.set(SERVICES[i]!, answer?.notReady ?? "no answer");
      return waiting.size === 0;
    },
    ms,
  );
  return performance.now() - began;
}

/** Process ids of the services. */
export async function servicePids({ control }: Installation): Promise<Record<string, number | undefined>> {
  const status = await control.status();
  return Object.fromEntries(SERVICES.map((name) => [name, status.find((one) => one.name === name)?.pid]));
}

/** The lines that each service has logged so far. */
export function logLines({ logDir }: Installation): Record<Service, string[]> {
  const read = (service: Service) => readFileSync(join(logDir, `${service}.log`), "utf8").split("\n");
  return Object.fromEntries(SERVICES.map((service) => [service, read(service)])) as Record<Service, string[]>;
}
