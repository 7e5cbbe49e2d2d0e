/** What a step of a message's way says beside its type: who, why, what it cost. */
export function stepWords({
  provider,
  route,
  reason,
  state,
  type,
  part,
  errorClass,
  errorCode,
  cost,
  currency,
  resubmitted,
  sentAs,
  rules,
  verdicts,
  providerMessageIds,
  attempt,
}) {
  const words = [
    provider,
    route === undefined || type !== "routed" ? undefined : `by route ${route}`,
    reason === undefined ? undefined : `because: ${reason}`,
    type === "final" ? undefined : state,
    part === undefined ? undefined : `part ${part}`,
    errorCode === undefined ? errorClass : `${errorClass ?? "error"} ${errorCode}`,
    cost === undefined ? undefined : `${cost} ${currency ?? ""}`,
    resubmitted === undefined ? undefined : `sent again: ${resubmitted}`,
    sentAs === undefined ? undefined : `as ${sentAs}`,
    rules,
    verdicts === undefined ? undefined : `not taken: ${verdicts}`,
    providerMessageIds === undefined ? undefined : `its id ${providerMessageIds.join(", ")}`,
    attempt > 1 ? `attempt ${attempt}` : undefined,
  ];
  return words.filter((word) => word !== undefined && word !== "").join(" · ");
}
