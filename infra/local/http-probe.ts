import { request } from "node:http";

/**
 * One HTTP request, true when it is answered with 2xx; false on any failure or after `timeoutMs`. The connection is not
 * kept alive: a server that is asked to end would wait for it.
 */
export function httpSucceeds(
  url: string,
  { body, headers, timeoutMs = 2000 }: { body?: string; headers?: Record<string, string>; timeoutMs?: number } = {},
): Promise<boolean> {
  return new Promise((settle) => {
    const method = body === undefined ? "GET" : "POST";
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request(url, { agent: false, method, signal, headers: headers ?? {} }, (response) => {
      response.resume();
      response.once("error", () => settle(false));
      response.once("end", () =>
        settle(response.statusCode !== undefined && Math.trunc(response.statusCode / 100) === 2),
      );
    });
    outgoing.once("error", () => settle(false));
    outgoing.end(body);
  });
}

/** Longer answers are cut: a readiness report is short. */
const MAX_BODY = 65_536;

/** One GET; the status and the beginning of the body, or undefined when nobody answers in time. Connections as above. */
export function httpAnswer(url: string, timeoutMs = 2000): Promise<{ status: number; body: string } | undefined> {
  return new Promise((settle) => {
    const outgoing = request(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (body.length < MAX_BODY) body += chunk;
      });
      response.once("error", () => settle(undefined));
      response.once("end", () => settle({ status: response.statusCode ?? 0, body }));
    });
    outgoing.once("error", () => settle(undefined));
    outgoing.end();
  });
}
