import { ProblemError } from "../../../../platform/http/problem.ts";
import type { Account } from "../../access/api-keys.ts";
import { unavailable } from "./acceptance-problems.ts";
import { answeredByAnalytics } from "./analytics-problems.ts";
import type { RestContext } from "./rest-context.ts";
import { messageIdOf, noSuchMessage } from "./status-route.ts";

/** What came of it. 200: it will not be sent. 202: nobody has said yet; `location` has what becomes of it. */
export interface CancelAnswered {
  readonly status: 200 | 202;
  readonly location?: string;
  readonly body: {
    readonly id: string;
    readonly status: "cancelled" | "cancelling";
    /** E.164 with the plus: who will not get it. */
    readonly destinations?: readonly string[];
    /** For these it was too late. */
    readonly tooLate?: readonly string[];
  };
}

/**
 * `DELETE /v1/messages/{id}`: a message that waits for its time is not sent.
 * @throws ProblemError 404; 409 when it does not wait any more, with its status, or does not wait yet; 429, 503.
 */
export async function deleteMessage(context: RestContext, account: Account, given: string): Promise<CancelAnswered> {
  const id = messageIdOf(given);
  const result = await context.cancels
    .cancel(account, id)
    .catch(answeredByAnalytics("Nothing is known of the message at the moment", "nothing was cancelled; ask again"));
  switch (result.outcome) {
    case "cancelled": {
      const destinations = result.cancelled.map(withPlus);
      const tooLate = result.gone.length === 0 ? {} : { tooLate: result.gone.map(withPlus) };
      return { status: 200, body: { id, status: "cancelled", destinations, ...tooLate } };
    }
    case "unanswered":
      return { status: 202, location: `/v1/messages/${id}`, body: { id, status: "cancelling" } };
    case "no-such-message":
      throw noSuchMessage(
        "nothing was cancelled: neither routers nor analytics know of such a message of this account; one that was accepted within the last seconds may be known a moment later",
      );
    case "too-late":
      throw tooLate(result.status?.status);
    case "not-yet":
      throw notYet();
    case "throttled":
      throw throttled(result.maxPerSecond, result.waitSeconds);
    default:
      throw unavailable();
  }
}

function withPlus(to: string): string {
  return `+${to}`;
}

function tooLate(status: string | undefined): ProblemError {
  return new ProblemError({
    status: 409,
    code: "TOO_LATE",
    title: "The message does not wait for its time",
    detail:
      status === undefined
        ? "nothing was cancelled: its time had come, or it was cancelled before; its status tells in some seconds which"
        : `nothing was cancelled: its status is ${status}, and only what waits for its time can be cancelled`,
    ...(status === undefined ? {} : { extra: { messageStatus: status } }),
  });
}

function notYet(): ProblemError {
  return new ProblemError(
    {
      status: 409,
      code: "NOT_WAITING_YET",
      title: "No router has come to the message yet",
      detail: "nothing was cancelled: it has been accepted, and stands behind others; ask again",
    },
    { headers: { "retry-after": "1" } },
  );
}

function throttled(maxPerSecond: number, waitSeconds: number): ProblemError {
  return new ProblemError(
    {
      status: 429,
      code: "TOO_MANY_REQUESTS",
      title: "Too many cancels at once",
      detail: `nothing was cancelled; the account may cancel ${maxPerSecond} messages a second, as many as it may send`,
    },
    { headers: { "retry-after": String(waitSeconds) } },
  );
}
