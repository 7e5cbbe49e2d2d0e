import { request } from "node:http";

/**
 * One HTTP request, true when it is answered with 2xx; false on any failure or after `timeoutMs`. The connection is not
 * kept alive: a server that is asked to end would wait for it.
 */
export function httpSucceeds(url: string, body?: string, timeoutMs = 2000): Promise<boolean> {
  return new Promise((settle) => {
    const method = body === undefined ? "GET" : "POST";
    const outgoing = request(url, { agent: false, method, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
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
