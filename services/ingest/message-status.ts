import type { Acceptance } from "./recent-acceptances.ts";

/** One event of a message's history; absent fields do not apply to its type. */
export interface HistoryEntry {
  readonly type: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly attempt: number;
  readonly provider?: string;
  readonly route?: string;
  readonly reason?: string;
  readonly state?: string;
  readonly part?: number;
  readonly errorClass?: string;
  readonly errorCode?: string;
  readonly cost?: string;
  readonly currency?: string;
  readonly resubmitted?: string;
}

/** What `GET /v1/messages/{id}` answers. */
export interface MessageStatusAnswer {
  readonly id: string;
  /** `accepted`, `routed`, `submitted`, `returned`, `in_doubt`, `receipt`, `closed`, or the terminal state. */
  readonly status: string;
  /** Whether the status is terminal: it will not change any more. */
  readonly final: boolean;
  /** E.164 with the plus. */
  readonly to: string;
  readonly lane: string;
  readonly encoding: string;
  readonly segments: number;
  readonly reference?: string;
  readonly acceptedAt: string;
  readonly updatedAt: string;
  readonly attempts: number;
  readonly provider?: string;
  readonly submittedAt?: string;
  readonly finishedAt?: string;
  /** Decimal, of everything submitted for this message. */
  readonly cost?: string;
  readonly currency?: string;
  readonly errorClass?: string;
  readonly errorCode?: string;
  readonly reason?: string;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

/** Where a message's events can be looked up. */
export interface StatusSource {
  /**
   * The account's own message.
   * @throws SluiceError of class transient or throttled when it cannot be looked up now.
   */
  find(accountId: string, messageId: string): Promise<MessageStatusAnswer | undefined>;
}

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
