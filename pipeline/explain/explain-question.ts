import { type FieldProblem, validateSendRequest } from "../../domain/message/validation.ts";
import { readWrittenTime } from "../../domain/message/written-time.ts";
import { type Explanation, explain } from "../../domain/routing/explain.ts";
import type { KnownRecipient } from "../../domain/routing/explain-holds.ts";
import type { RoutingView } from "./routing-view.ts";

/** The fields of a question; `to` is required. */
export const EXPLAIN_FIELDS = ["to", "from", "text", "transliterate", "lane", "metadata", "sendAt", "at"] as const;

/** A text of one segment, for those who ask without one. */
const SOME_TEXT = "Hello";

/** `routes-unknown`: this process has the accounts only. */
export type Answer =
  | { readonly ok: true; readonly explanation: Explanation }
  | { readonly ok: false; readonly kind: "invalid"; readonly problems: readonly FieldProblem[] }
  | { readonly ok: false; readonly kind: "routes-unknown" };

/** What would become of a message of this account: the question has a message's fields, and when it would be sent. */
export function explainQuestion(
  { snapshot, health, ported, delivery, now }: RoutingView,
  account: string | undefined,
  question: unknown,
  recipient: KnownRecipient = {},
): Answer {
  const { at, ...fields } = (isObject(question) ? question : {}) as Record<string, unknown>;
  const problems: FieldProblem[] = [];
  const time = readTime(at, problems);
  // Of a message's other fields routing looks at none.
  for (const field of Object.keys(fields)) if (!isField(field)) problems.push(unknownField(field));
  const asked = Object.fromEntries(Object.entries(fields).filter(([field]) => isField(field)));
  const handedIn = time ?? now();
  const message = isObject(question) ? { ...asked, text: fields.text ?? SOME_TEXT } : question;
  const valid = validateSendRequest(message, { acceptedAt: handedIn });
  if (!valid.ok) problems.push(...valid.problems);
  if (!valid.ok || problems.length > 0) return { ok: false, kind: "invalid", problems };
  const catalog = snapshot();
  if (catalog === undefined) return { ok: false, kind: "routes-unknown" };
  const { request } = valid;
  const explanation = explain(catalog, {
    request,
    account,
    at: handedIn,
    recipient,
    health: (provider) => health(provider, request.lane),
    ported: ported(request.destination),
    delivery,
  });
  return { ok: true, explanation };
}

/** Epoch ms; undefined where nothing is said. */
function readTime(at: unknown, problems: FieldProblem[]): number | undefined {
  if (at === undefined || at === null) return undefined;
  const written = readWrittenTime(at, { days: true });
  if (written.ok) return written.at;
  problems.push({ field: "at", code: "time-invalid", message: written.reason });
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isField(field: string): boolean {
  return (EXPLAIN_FIELDS as readonly string[]).includes(field);
}

function unknownField(field: string): FieldProblem {
  return { field: field.slice(0, 64), code: "field-unknown", message: `known fields: ${EXPLAIN_FIELDS.join(", ")}` };
}
