import { connect } from "node:net";
import { httpAnswer } from "./http-probe.ts";
import type { Readiness } from "./process-spec.ts";

const PROBE_TIMEOUT_MS = 2000;

const acceptsConnection = (port: number): Promise<boolean> =>
  new Promise((settle) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: PROBE_TIMEOUT_MS });
    const finish = (accepted: boolean) => {
      socket.destroy();
      settle(accepted);
    };
    socket.once("connect", () => finish(true));
    socket.once("timeout", () => finish(false));
    socket.once("error", () => finish(false));
  });

/** What a probe says. */
export interface Probed {
  readonly ok: boolean;
  /** In the process's own words: what keeps it from its work, and what is degraded beside it. */
  readonly notes: readonly string[];
}

/** Asks once whether a process does its work: no on any failure and at the latest after 2 s. One-shot steps: yes. */
export async function probe(ready: Readiness): Promise<Probed> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((settle) => {
    timer = setTimeout(() => settle(false), PROBE_TIMEOUT_MS);
  });
  const without = (ok: boolean): Probed => ({ ok, notes: [] });
  try {
    if ("http" in ready) return probedOf(await httpAnswer(ready.http, PROBE_TIMEOUT_MS));
    if ("tcp" in ready) return without(await acceptsConnection(ready.tcp));
    if ("fn" in ready) return without(await Promise.race([ready.fn(), timeout]));
    return without(true);
  } catch {
    return without(false);
  } finally {
    clearTimeout(timer);
  }
}

function probedOf(answer: { status: number; body: string } | undefined): Probed {
  if (answer === undefined) return { ok: false, notes: [] };
  return { ok: Math.trunc(answer.status / 100) === 2, notes: notesIn(answer.body) };
}

/** The reasons in the body of `/readyz`; other bodies have none. */
export function notesIn(body: string): string[] {
  let report: unknown;
  try {
    report = JSON.parse(body);
  } catch {
    return [];
  }
  if (typeof report !== "object" || report === null) return [];
  const { notReady, degraded } = report as Record<string, unknown>;
  return [notReady, degraded].flatMap((reasons) =>
    typeof reasons === "object" && reasons !== null
      ? Object.entries(reasons).map(([name, why]) => `${name}: ${String(why)}`)
      : [],
  );
}
