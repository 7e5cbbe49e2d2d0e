import { connect } from "node:net";
import { httpSucceeds } from "./http-probe.ts";
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

/** Asks once whether a process does its work; false on any failure and at the latest after 2 s. One-shot steps: true. */
export async function probe(ready: Readiness): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((settle) => {
    timer = setTimeout(() => settle(false), PROBE_TIMEOUT_MS);
  });
  try {
    if ("http" in ready) return await httpSucceeds(ready.http, undefined, PROBE_TIMEOUT_MS);
    if ("tcp" in ready) return await acceptsConnection(ready.tcp);
    if ("fn" in ready) return await Promise.race([ready.fn(), timeout]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
