import type { IncomingMessage } from "node:http";
import type { BodyBudget } from "../../../../platform/http/body-budget.ts";
import { type Form, queryOf, readForm } from "../../../../platform/http/form.ts";
import { readBody } from "../../../../platform/http/read-body.ts";
import { readIdempotencyKey } from "../../acceptance/idempotency/message-identity.ts";
import { Refusal, unavailable } from "./refusal.ts";

/** Octets of a form: a text of 1,600 characters and a hundred recipients take less than a quarter. */
const BODY_LIMIT = 64 * 1024;
const MOST_FIELDS = 100;
const FORM = /^application\/x-www-form-urlencoded *(?:;|$)/i;
/** Of a name that is not known so much is repeated. */
const NAME_LENGTH = 64;

/** The fields of a request, of its query and of its form: octets, since a text may be in any charset. */
export class Fields {
  readonly #forms: readonly Form[];

  constructor(forms: readonly Form[]) {
    this.#forms = forms;
  }

  /** The first of these names that is given; where it is given twice, the first value. */
  octets(...names: readonly string[]): Buffer | undefined {
    for (const form of this.#forms)
      for (const name of names) {
        const [first] = form.get(name) ?? [];
        if (first !== undefined) return first;
      }
    return undefined;
  }

  /** The same as text; undefined also where it is empty. @throws Refusal 400 when it is not UTF-8 */
  text(...names: readonly string[]): string | undefined {
    const octets = this.octets(...names);
    const text = octets === undefined ? "" : decode(octets, "utf-8");
    if (text === undefined) throw new Refusal(400, `${names[0]}: it is not UTF-8`);
    return text === "" ? undefined : text;
  }

  /** The first name that is not known here, cut short; undefined: all are. */
  unknown(known: ReadonlySet<string>): string | undefined {
    for (const form of this.#forms)
      for (const name of form.keys()) if (!known.has(name)) return name.slice(0, NAME_LENGTH);
    return undefined;
  }
}

/** A text in a charset; undefined when it is none in it, or when no such charset is known. */
export function decode(octets: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(octets);
  } catch {
    return undefined;
  }
}

/**
 * Reads query and form, and hands them to `work`; until that is done the form counts against the budget.
 * @throws Refusal 400, 413, 415, 503. `busy`: the form's own words for the last.
 */
export async function withFields<T>(
  request: IncomingMessage,
  budget: BodyBudget,
  busy: string,
  work: (fields: Fields) => Promise<T>,
): Promise<T> {
  const query = formOf(queryOf(request.url ?? ""));
  if (request.method !== "POST") return await work(new Fields([query]));
  const { "content-type": type = "", "content-length": length, "transfer-encoding": encoding } = request.headers;
  // A request that says neither has no body (RFC 9112, 6.3).
  const empty = encoding === undefined && Number(length ?? 0) === 0;
  if (!FORM.test(type) && !empty)
    throw new Refusal(
      415,
      "Unsupported content-type, rejected: fields come in the query or as application/x-www-form-urlencoded",
    );
  const body = await readBody(request, BODY_LIMIT, budget);
  if (!body.ok) throw unreadable(body.fault.kind, busy);
  try {
    return await work(new Fields([formOf(body.bytes), query]));
  } finally {
    body.done();
  }
}

function formOf(octets: Buffer): Form {
  const form = readForm(octets, MOST_FIELDS);
  if (form === undefined) throw new Refusal(400, `Too many fields, rejected: at most ${MOST_FIELDS} are read`);
  return form;
}

function unreadable(kind: "encoding" | "too-large" | "no-room" | "incomplete", busy: string): Refusal {
  switch (kind) {
    case "encoding":
      return new Refusal(415, "Unsupported content-encoding, rejected: send it uncompressed or with gzip");
    case "too-large":
      return new Refusal(413, `Body too large, rejected: at most ${BODY_LIMIT} bytes are read`);
    case "no-room":
      return unavailable(busy);
    case "incomplete":
      return new Refusal(400, "The body did not arrive whole, rejected");
  }
}

/** The key under which a request may come again (`Idempotency-Key`), which these forms lack. @throws Refusal 400 */
export function idempotencyKeyOf({ headers }: IncomingMessage): string | undefined {
  const given = headers["idempotency-key"];
  if (given === undefined) return undefined;
  const key = readIdempotencyKey(Array.isArray(given) ? given.join() : given, "Idempotency-Key");
  if (typeof key === "string") return key;
  throw new Refusal(400, `Idempotency-Key: ${key.message}, rejected`);
}
