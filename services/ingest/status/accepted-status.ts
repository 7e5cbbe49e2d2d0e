import type { MessageStatusAnswer } from "../../../pipeline/read-model/message-status.ts";
import type { Acceptance } from "../acceptance/recent-acceptances.ts";

/** The status of a message that nothing has happened to yet, as far as analytics knows. */
export function acceptedStatus(id: string, acceptance: Acceptance): MessageStatusAnswer {
  const { destination, lane, encoding, segments, reference } = acceptance;
  const acceptedAt = new Date(acceptance.acceptedAt).toISOString();
  return {
    id,
    status: "accepted",
    final: false,
    to: `+${destination}`,
    lane,
    encoding,
    segments,
    ...(reference === undefined ? {} : { reference }),
    acceptedAt,
    updatedAt: acceptedAt,
    attempts: 0,
    history: [],
  };
}
