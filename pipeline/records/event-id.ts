/** What the id of an event says without its content. */
export interface EventId {
  readonly messageId: string;
  /** `routed`, `submitted`, `resubmitted`, `returned`, `in_doubt`, `postponed`, `closed`, `rerouted`, `final`, or the state of a receipt. */
  readonly kind: string;
}

const UUID_LENGTH = 36;

/** Reads the `id` header of an event (`<messageId>/<attempt>/<kind>`, `<messageId>/final`); undefined for anything else. */
export function readEventId(id: string | undefined): EventId | undefined {
  if (id === undefined || id[UUID_LENGTH] !== "/") return undefined;
  return { messageId: id.slice(0, UUID_LENGTH), kind: id.slice(id.lastIndexOf("/") + 1) };
}
