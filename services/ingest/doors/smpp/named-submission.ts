import type { Submission } from "../../../../domain/smpp/server/read-submission.ts";

/** The id of a message, and what its client is answered: the same, but for clients that take eight characters only. */
export interface ClientId {
  readonly id: string;
  readonly shown: string;
}

/** A submission with the id that it is to have. */
export interface NamedSubmission extends Submission {
  readonly id: ClientId;
}

/** `status`: command_status; `id`: message_id, empty unless the status is 0. */
export interface SubmitOutcome {
  readonly status: number;
  readonly id: string;
}
