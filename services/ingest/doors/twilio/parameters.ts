import type { IncomingMessage } from "node:http";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import { type Form, queryOf, readForm } from "../../../../platform/http/form.ts";
import { readBody } from "../../../../platform/http/read-body.ts";
import { unavailable } from "./admission.ts";
import { CODES, TwilioFault } from "./twilio-fault.ts";

/** The parameters of a request by name, each once. */
export type Parameters = ReadonlyMap<string, string>;

/** Octets of a form: a text of 1,600 characters takes 14,400 at the most. */
const BODY_LIMIT = 64 * 1024;
/** Fields of a form or a query; Twilio knows some thirty. */
const MOST_PARAMETERS = 100;
/** Of a name that is not known so much is repeated. */
const NAME_LENGTH = 64;
const FORM = /^application\/x-www-form-urlencoded *(?:;|$)/i;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the form of a request, and hands it to `work`; until that is done it counts against the budget.
 * @throws TwilioFault 400, 413, 415, 503
 */
export async function withForm<T>(
  request: IncomingMessage,
  budget: BodyBudget,
  known: ReadonlySet<string>,
  work: (parameters: Parameters) => Promise<T>,
): Promise<T> {
  const { "content-type": type, "content-length": length } = request.headers;
  if (!FORM.test(type ?? "") && Number(length ?? 0) > 0)
    throw new TwilioFault(415, CODES.invalidParameter, "The body is a form: application/x-www-form-urlencoded");
  const body = await readBody(request, BODY_LIMIT, budget);
  if (!body.ok) throw unreadable(body.fault.kind);
  try {
    return await work(parametersOf(readForm(body.bytes, MOST_PARAMETERS), known));
  } finally {
    body.done();
  }
}

/** The query of a request. @throws TwilioFault 400 */
export function queryParameters(request: IncomingMessage, known: ReadonlySet<string>): Parameters {
  return parametersOf(readForm(queryOf(request.url ?? ""), MOST_PARAMETERS), known);
}

/** `SmartEncoded` and the like. @throws TwilioFault 400 */
export function flagOf(parameters: Parameters, name: string): boolean {
  const value = parameters.get(name)?.toLowerCase() ?? "";
  if (value === "" || value === "false") return false;
  if (value === "true") return true;
  throw new TwilioFault(400, CODES.invalidParameter, `${name}: true or false`);
}

/** Whoever adds a parameter means something by it that would not be done: what is not known is named, and nothing done. */
function parametersOf(form: Form | undefined, known: ReadonlySet<string>): Parameters {
  if (form === undefined)
    throw new TwilioFault(400, CODES.invalidParameter, `At most ${MOST_PARAMETERS} parameters are read`);
  const parameters = new Map<string, string>();
  for (const [name, values] of form) {
    if (!known.has(name)) {
      const message = `${name.slice(0, NAME_LENGTH)}: there is no such parameter here, and nothing was done`;
      throw new TwilioFault(400, CODES.unknownParameter, message);
    }
    const [first] = values;
    // Several MediaUrl are refused like one.
    if (values.length > 1 && name !== "MediaUrl")
      throw new TwilioFault(400, CODES.invalidParameter, `${name}: it is given ${values.length} times`);
    parameters.set(name, textOf(name, first!));
  }
  return parameters;
}

function textOf(name: string, octets: Buffer): string {
  try {
    return UTF8.decode(octets);
  } catch {
    throw new TwilioFault(400, CODES.invalidParameter, `${name}: it is not UTF-8`);
  }
}

function unreadable(kind: "encoding" | "too-large" | "no-room" | "incomplete"): TwilioFault {
  switch (kind) {
    case "encoding":
      return new TwilioFault(415, CODES.invalidParameter, "The body is sent uncompressed or with gzip");
    case "too-large":
      return new TwilioFault(413, CODES.invalidParameter, `At most ${BODY_LIMIT} bytes are read`);
    case "no-room":
      return unavailable("Too many large requests at once: nothing was done");
    case "incomplete":
      return new TwilioFault(400, CODES.invalidParameter, "The body did not arrive whole");
  }
}
