import type { Event } from "../../schemas/generated/types.ts";

/** Everything of an event that most events leave out; spread it and set the rest. */
export const BLANK_EVENT = {
  provider: null,
  route: null,
  reason: null,
  price: null,
  cost: null,
  currency: null,
  submittedAt: null,
  providerMessageIds: [],
  resubmitted: null,
  errorClass: null,
  errorCode: null,
  part: null,
  state: null,
  doneAt: null,
  receiptAt: null,
} satisfies Partial<Event>;
