import type { Random } from "../../infra/simulators/behaviour/random-source.ts";
import { until } from "./audit.ts";
import type { Books } from "./books.ts";
import type { Installation } from "./installation.ts";

/** The services whose instances share partitions. */
export const GROUPS = ["router", "sender", "dlr-collector", "analytics-sink"] as const;

export interface Leave {
  readonly name: string;
  readonly signal: "SIGTERM" | "SIGKILL";
  /** From the signal until the process is gone, ms. */
  readonly tookMs: number;
  /** How it ended: "code 0" for a clean drain. */
  readonly end: string | undefined;
}

/**
 * Lets instances of each service join and leave for `ms`, one change of every service each `everyMs`; never is the last
 * one taken away. At the end one instance of each runs.
 */
export async function joinAndLeave(
  installation: Installation,
  options: { ms: number; everyMs: number; signals: readonly Leave["signal"][]; random: Random },
): Promise<Leave[]> {
  const leaves: Leave[] = [];
  const ends = performance.now() + options.ms;
  await Promise.all(GROUPS.map((service) => turns(installation, service, { ...options, ends }, leaves)));
  return leaves;
}

async function turns(
  { control }: Installation,
  service: string,
  options: { ends: number; everyMs: number; signals: readonly Leave["signal"][]; random: Random },
  leaves: Leave[],
): Promise<void> {
  const { ends, everyMs, signals, random } = options;
  const second = `${service}-2`;
  await control.scale(service, 2);
  let running = [service, second];
  let turn = Math.floor(random() * signals.length);
  while (performance.now() < ends) {
    const began = performance.now();
    if (running.length === 2) {
      const name = running[Math.floor(random() * 2)]!;
      const signal = signals[turn++ % signals.length]!;
      await control.signal(name, signal, { keepDown: true });
      const tookMs = Math.round(performance.now() - began);
      const end = (await control.status()).find((process) => process.name === name)?.lastEnd;
      leaves.push({ name, signal, tookMs, end });
      running = running.filter((other) => other !== name);
    } else {
      const name = running[0] === service ? second : service;
      await control.start(name);
      running = [service, second];
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, everyMs - (performance.now() - began))));
  }
  await control.start(service);
  await control.scale(service, 1);
}

/**
 * Messages that reached a provider before an earlier one of the same destination and lane. One that waited in a retry
 * tier does not count: it was handed back, or nobody could take it, and so has lost its place with good reason.
 */
export function overtaken({ arrivals, messages }: Books): string[] {
  const found: string[] = [];
  for (const [provider, order] of arrivals) {
    const last = new Map<string, number>();
    for (const id of order) {
      const message = messages.get(id);
      if (message === undefined || message.delayed) continue;
      const key = `${message.to} ${message.lane}`;
      const before = last.get(key) ?? -1;
      if (message.offset < before) found.push(`${id} at ${provider}: ${message.offset} came after ${before}`);
      else last.set(key, message.offset);
    }
  }
  return found.slice(0, 20);
}

/** As a table, one line a leave. */
export function leaveTable(leaves: readonly Leave[]): string {
  return leaves
    .map(({ name, signal, tookMs, end }) => `  ${name.padEnd(18)} ${signal} gone after ${tookMs} ms (${end})`)
    .join("\n");
}

/** Sum of a metric over its labels, from a service's admin port. */
export async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  let sum = 0;
  for (const line of text.split("\n"))
    if (line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      sum += Number(
        line
          .slice(line.lastIndexOf("}") + 1 || name.length)
          .trim()
          .split(" ")[0],
      );
  return sum;
}

/** Waits until every instance of these services is ready. */
export async function allReady({ control }: Installation, names: readonly string[], ms: number): Promise<void> {
  let unready: string[] = [];
  await until(
    () => `ready: ${names.join(", ")}; not: ${unready.join(", ")}`,
    async () => {
      const status = await control.status({ probe: true });
      unready = names.filter((name) => !status.some((process) => process.name === name && process.healthy));
      return unready.length === 0;
    },
    ms,
  );
}
