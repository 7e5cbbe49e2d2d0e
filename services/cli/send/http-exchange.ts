import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline, Readable } from "node:stream";

/** Neither octets sent nor octets received for so long, ms: whoever is at the other end is gone. */
const SILENT_MS = 120_000;
/** Of a problem, octets. */
const MOST_OCTETS = 1024 * 1024;

export interface Exchange {
  readonly url: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: AsyncIterable<Buffer> | Buffer;
  /** Lines of the answer as they come, where it is NDJSON. */
  readonly onLines?: (lines: readonly string[]) => void;
}

/** An answer; `text` of one that is no NDJSON. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly text: string;
  /** Seconds, where it says so. */
  readonly retryAfter: number | undefined;
}

/** Posts a body, and reads the answer while it is still being sent. @throws what Node's client throws when the connection fails or is silent */
export function post({ url, headers, body, onLines }: Exchange): Promise<ExchangeAnswer> {
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<ExchangeAnswer>();
  const sending = request(url, { method: "POST", headers, timeout: SILENT_MS }, (answer) => {
    read(answer, onLines).then((text) => {
      resolve({ status: answer.statusCode ?? 0, text, retryAfter: secondsOf(answer.headers["retry-after"]) });
      sending.destroy();
    }, reject);
  });
  sending.once("timeout", () => sending.destroy(new Error("the server is silent")));
  sending.on("error", reject);
  // A server that has said all it will closes the connection under the rest of the body: its answer counts.
  if (body instanceof Buffer) sending.end(body);
  else pipeline(Readable.from(body, { objectMode: false }), sending, () => {});
  return promise;
}

async function read(answer: IncomingMessage, onLines: Exchange["onLines"]): Promise<string> {
  const isLines = answer.headers["content-type"]?.includes("ndjson") === true && onLines !== undefined;
  let rest = "";
  answer.setEncoding("utf8");
  for await (const chunk of answer as AsyncIterable<string>) {
    rest += chunk;
    if (!isLines) {
      if (rest.length > MOST_OCTETS) break;
      continue;
    }
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) onLines(lines);
  }
  return rest;
}

function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
