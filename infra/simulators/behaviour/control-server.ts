import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { SettingsProblem } from "./live-settings.ts";
import type { ReferenceLedger } from "./reference-ledger.ts";

/** How a provider goes dark: `silent` keeps connections and answers nothing, `refuse` drops them and takes no new ones. */
export type DarkMode = "silent" | "refuse";

/** What a simulator lets its control port do. */
export interface Controlled {
  readonly ledger: ReferenceLedger;
  readSettings(): unknown;
  updateSettings(changes: unknown): readonly SettingsProblem[];
  goDark(mode: DarkMode): Promise<void> | void;
  goLight(): Promise<void> | void;
  /** Drops every connection at once; new ones are taken. */
  cutConnections(): void;
  /** Asks every ESME to go; only where the protocol has that. */
  unbind?(): void;
  /** Hands over what a handset sends, to a bind that may have it; only where the simulator does that. `parts`: deliver_sm that were acknowledged. */
  inbound?(message: unknown): Promise<{ readonly parts: number } | { readonly problems: readonly SettingsProblem[] }>;
  stats(): unknown;
  /** Forgets counts and ledger; connections and settings stay. */
  reset(): void;
}

/** Bodies beyond this are refused, octets. */
const maxBodyOctets = 1_048_576;
/** Ledger lines joined into one write. */
const linesPerWrite = 500;

/** Starts the control port on host:port (0 takes a free one). Close it with `closeServer`. */
export async function startControlServer(host: string, port: number, controlled: Controlled): Promise<Server> {
  const server = createServer((request, response) => {
    handle(request, response, controlled).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, { error: error instanceof Error ? error.message : String(error) });
    });
  });
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

/** Closes an HTTP server with its idle and busy connections. */
export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

async function handle(request: IncomingMessage, response: ServerResponse, controlled: Controlled): Promise<void> {
  const route = `${request.method} ${(request.url ?? "/").split("?", 1)[0]}`;
  switch (route) {
    case "GET /healthz":
      return answer(response, 200, { status: "ok" });
    case "GET /settings":
      return answer(response, 200, controlled.readSettings());
    case "PUT /settings": {
      const body = await readJson(request);
      const problems = "error" in body ? [{ path: "", message: body.error }] : controlled.updateSettings(body.value);
      if (problems.length > 0) return answer(response, 400, { problems });
      return answer(response, 200, controlled.readSettings());
    }
    case "POST /dark": {
      const body = await readJson(request);
      const mode = "error" in body ? undefined : ((body.value as { mode?: unknown } | null)?.mode ?? "silent");
      if (mode !== "silent" && mode !== "refuse") {
        return answer(response, 400, { problems: [{ path: "mode", message: 'must be "silent" or "refuse"' }] });
      }
      await controlled.goDark(mode);
      return answer(response, 200, { dark: mode });
    }
    case "POST /light":
      await controlled.goLight();
      return answer(response, 200, { dark: null });
    case "POST /cut":
      controlled.cutConnections();
      return answer(response, 200, { cut: true });
    case "POST /unbind":
      if (controlled.unbind === undefined) return answer(response, 404, { error: "this protocol has no unbind" });
      controlled.unbind();
      return answer(response, 200, { unbind: true });
    case "POST /inbound": {
      if (controlled.inbound === undefined) return answer(response, 404, { error: "this simulator has no handsets" });
      const body = await readJson(request);
      const sent =
        "error" in body ? { problems: [{ path: "", message: body.error }] } : await controlled.inbound(body.value);
      return answer(response, "parts" in sent ? 200 : 400, sent);
    }
    case "GET /stats":
      return answer(response, 200, controlled.stats());
    case "POST /reset":
      controlled.reset();
      return answer(response, 200, { reset: true });
    case "GET /unanswered":
      return answer(response, 200, controlled.ledger.unanswered.references());
    case "GET /ledger":
      return streamLedger(response, controlled.ledger);
    default:
      return answer(response, 404, { error: `${route} is not known` });
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

async function readJson(request: IncomingMessage): Promise<{ value: unknown } | { error: string }> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > maxBodyOctets) return { error: `the body is larger than ${maxBodyOctets} octets` };
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() === "") return { value: {} };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: `the body is not JSON: ${(error as Error).message}` };
  }
}

/** One JSON line a reference. The last line says how much there was and whether it is all: `{"end":true,…}`. */
async function streamLedger(response: ServerResponse, ledger: ReferenceLedger): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const { generation } = ledger;
  let lines: string[] = [];
  let count = 0;
  for (const entry of ledger.entries()) {
    lines.push(JSON.stringify(entry));
    count++;
    if (lines.length < linesPerWrite) continue;
    const taken = response.write(`${lines.join("\n")}\n`);
    lines = [];
    // Also between writes that were taken: the provider must go on answering while a long ledger is read.
    if (taken) await new Promise((resolve) => setImmediate(resolve));
    else await Promise.race([once(response, "drain"), once(response, "close")]);
    if (response.destroyed) return;
  }
  const complete = ledger.untracked === 0 && generation === ledger.generation;
  lines.push(JSON.stringify({ end: true, references: count, untracked: ledger.untracked, complete }));
  response.end(`${lines.join("\n")}\n`);
}
