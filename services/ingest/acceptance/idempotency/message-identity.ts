import { isMessageId, messageIdTime } from "../../../../domain/message/message-id.ts";
import type { FieldProblem } from "../../../../domain/message/validation.ts";
import { type Key, keyNamed } from "./key-name.ts";

const IDEMPOTENCY_KEY = /^[ -~]{1,255}$/;

/** Reads a key that came beside the message, in the `field` of the request that a problem is to name. */
export function readIdempotencyKey(given: string, field: string): string | FieldProblem {
  return IDEMPOTENCY_KEY.test(given) ? given : keyProblem(field);
}

/** By what a message is known again. */
export interface Identity {
  /** The item without what is only ours: what the domain validates. */
  readonly request: unknown;
  readonly id: string | undefined;
  readonly key: string | undefined;
  /** Whether the key is the message's own, and not its request's. */
  readonly ownKey: boolean;
  readonly problems: FieldProblem[];
}

/** A message is named by its key among the account's, or by its id among everybody's. */
export function keyOf({ key, id }: Identity, accountId: string): Key | undefined {
  if (key !== undefined) return keyNamed(accountId, key);
  return id === undefined ? undefined : keyNamed("", id);
}

/** @param requestKey the key that its request gave it */
export function readIdentity(item: unknown, requestKey: string | undefined): Identity {
  const problems: FieldProblem[] = [];
  if (typeof item !== "object" || item === null || !("id" in item || "idempotencyKey" in item)) {
    return { request: item, id: undefined, key: requestKey, ownKey: false, problems };
  }
  const { id, idempotencyKey, ...request } = item as Record<string, unknown>;
  if (id !== undefined && id !== null && !isFreshMessageId(id)) {
    const message = "a UUIDv7 in lower case, such as the id of an earlier answer; for other keys use Idempotency-Key";
    problems.push({ field: "id", code: "id-invalid", message });
  }
  if (idempotencyKey !== undefined && idempotencyKey !== null) {
    if (typeof idempotencyKey !== "string" || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      problems.push(keyProblem("idempotencyKey"));
    }
  }
  const ownKey = typeof idempotencyKey === "string";
  const key = ownKey ? idempotencyKey : requestKey;
  // One of them decides which message a repeat is: with both, the same key would be two messages under two ids.
  if (typeof id === "string" && key !== undefined)
    problems.push({ field: "id", code: "id-and-key", message: "give either an id or an idempotency key, not both" });
  return { request, id: typeof id === "string" ? id : undefined, key, ownKey, problems };
}

/** Ids derived from keys (UUIDv8) are not for clients to choose: they could be computed for another account's keys. */
function isFreshMessageId(id: unknown): boolean {
  return typeof id === "string" && isMessageId(id) && messageIdTime(id) !== undefined;
}

function keyProblem(field: string): FieldProblem {
  return { field, code: "idempotency-key-invalid", message: "1 to 255 printable ASCII characters" };
}
