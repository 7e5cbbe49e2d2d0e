import { type Random, seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import type { Books, MessageAccount } from "./books.ts";
import { type Installation, SERVICES } from "./installation.ts";

export interface Leave {
  readonly name: string;
  readonly signal: "SIGTERM" | "SIGKILL";
  /** From the signal until the process is gone, ms. */
  readonly tookMs: number;
  /** How it ended: "code 0" for a clean drain. */
  readonly end: string | undefined;
}

export interface TurnOptions {
  readonly ms: number;
  /** A service whose instances start slowly goes on until it has left so often, up to three times `ms`. */
  readonly leavesEach: number;
  readonly everyMs: number;
  /** How they leave, in turn. */
  readonly signals: readonly Leave["signal"][];
  readonly random: Random;
  /** Called when an instance has been killed and is gone. */
  readonly killed?: (name: string) => Promise<void>;
}

export interface Turns {
  readonly leaves: readonly Leave[];
  /** Names of the instances that joined, one for each time. */
  readonly joins: readonly string[];
}

/** Starts a second instance of every service. */
export async function startSeconds({ control }: Installation): Promise<void> {
  await Promise.all(SERVICES.map((service) => control.scale(service, 2)));
}

/** The addresses of both instances of ingest. */
export async function ingestUrls({ control }: Installation): Promise<string[]> {
  const processes = await control.status();
  return processes.flatMap(({ name, endpoint }) =>
    /^ingest(-2)?$/.test(name) && endpoint !== undefined ? [endpoint] : [],
  );
}

/**
 * Lets instances of each service leave and join for `ms`, and until each has left `leavesEach` times, one change of every service each `everyMs`; two run at the
 * beginning and at the end, and never is the last one taken away.
 */
export async function joinAndLeave(installation: Installation, options: TurnOptions): Promise<Turns> {
  const turns = { leaves: [], joins: [] };
  const starts = performance.now();
  // A source for each service: how long signals take must not change which service draws what.
  const own = SERVICES.map(() => seededRandom(Math.floor(options.random() * 1e9)));
  await Promise.all(
    SERVICES.map((service, i) => changes(installation, service, { ...options, random: own[i]!, starts }, turns)),
  );
  return turns;
}

async function changes(
  { control }: Installation,
  service: string,
  options: TurnOptions & { readonly starts: number },
  { leaves, joins }: { leaves: Leave[]; joins: string[] },
): Promise<void> {
  const { starts, ms, leavesEach, everyMs, signals, random, killed } = options;
  const second = `${service}-2`;
  let running = [service, second];
  let turn = Math.floor(random() * signals.length);
  let left = 0;
  while (performance.now() - starts < (left < leavesEach ? 3 * ms : ms)) {
    const began = performance.now();
    if (running.length === 2) {
      const name = running[Math.floor(random() * 2)]!;
      const signal = signals[turn++ % signals.length]!;
      await control.signal(name, signal, { keepDown: true });
      const tookMs = Math.round(performance.now() - began);
      if (signal === "SIGKILL") await killed?.(name);
      const end = (await control.status()).find((process) => process.name === name)?.lastEnd;
      leaves.push({ name, signal, tookMs, end });
      left++;
      // As a supervisor does it: back before its old self has left the groups.
      if (signal === "SIGKILL" && random() < 0.5) {
        await control.start(name);
        joins.push(name);
      } else running = running.filter((other) => other !== name);
    } else {
      const name = running[0] === service ? second : service;
      await control.start(name);
      joins.push(name);
      running = [service, second];
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, everyMs - (performance.now() - began))));
  }
  await control.scale(service, 2);
}

/** Order per destination, as the providers saw it. */
export interface ArrivalOrder {
  /** Messages that came after an earlier one of their destination and queue at the same provider, as they should. */
  readonly kept: number;
  /** Left out: they were handed back or no provider could be used, and so they have lost their place with a stated reason. */
  readonly delayed: number;
  /** Put behind the others of their lane, since their account was above its share: they have an order of their own. */
  readonly overflowed: number;
  /** Messages that came before an earlier one. */
  readonly overtaken: readonly string[];
}

/** Compares the order of first arrivals at each provider with the order of the requests, by destination and queue (a lane, or its overflow). */
export function arrivalOrder({ arrivals, messages }: Books): ArrivalOrder {
  const overtaken: string[] = [];
  let kept = 0;
  for (const [provider, order] of arrivals) {
    const last = new Map<string, number>();
    for (const id of order) {
      const message = messages.get(id);
      if (message === undefined || message.delayed) continue;
      const key = `${message.to} ${message.lane} ${message.overflowed}`;
      const before = last.get(key);
      if (before !== undefined && message.offset < before)
        overtaken.push(`${id} at ${provider}: ${message.offset} came after ${before}`);
      else {
        if (before !== undefined) kept++;
        last.set(key, message.offset);
      }
    }
  }
  const count = (holds: (message: MessageAccount) => boolean) => [...messages.values()].filter(holds).length;
  return {
    kept,
    delayed: count(({ delayed }) => delayed),
    overflowed: count((message) => message.overflowed),
    overtaken,
  };
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
