/**
 * What a CRM's webhook says of its contacts. Their bodies are templates that somebody fills with properties: these come as text whatever they are,
 * times as milliseconds, and often one contact alone.
 */

const MILLISECONDS = /^\d{12,14}$/;

/** The body in the form of `POST /v1/suppressions`; what is none of these forms is left for its checks to refuse. */
export function readContactChanges(body: unknown): unknown {
  if (Array.isArray(body)) return { suppressions: body.map(readContact) };
  if (typeof body !== "object" || body === null) return body;
  if (!("suppressions" in body)) return { suppressions: [readContact(body)] };
  const { suppressions } = body;
  return Array.isArray(suppressions) ? { ...body, suppressions: suppressions.map(readContact) } : body;
}

function readContact(contact: unknown): unknown {
  if (typeof contact !== "object" || contact === null || Array.isArray(contact)) return contact;
  const { suppressed, at, ...others } = contact as Record<string, unknown>;
  return {
    ...others,
    ...(suppressed === undefined ? {} : { suppressed: readTruth(suppressed) }),
    ...(at === undefined || at === "" ? {} : { at: readMoment(at) }),
  };
}

function readTruth(value: unknown): unknown {
  const word = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (word === "true") return true;
  return word === "false" ? false : value;
}

function readMoment(value: unknown): unknown {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && MILLISECONDS.test(text) ? new Date(Number(text)).toISOString() : value;
}
