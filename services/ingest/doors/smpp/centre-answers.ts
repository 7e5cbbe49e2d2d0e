import { isMessageId } from "../../../../domain/message/message-id.ts";
import { commandStatus } from "../../../../domain/smpp/command-status.ts";
import type { CentreRequestPdu } from "../../../../domain/smpp/pdu.ts";
import { queryResponseBody } from "../../../../domain/smpp/pdu-encoder.ts";
import { messageStates, type ReceiptState } from "../../../../domain/smpp/server/receipt-message.ts";
import { absoluteTime } from "../../../../domain/smpp/time-format.ts";
import type { MessageStatusAnswer, StatusSource } from "../../../../pipeline/read-model/message-status.ts";
import type { Account } from "../../access/api-keys.ts";
import type { Cancels } from "../../cancels/cancels.ts";

export interface CentreAnswersOptions {
  readonly status: StatusSource;
  readonly cancels: Pick<Cancels, "cancel">;
}

/** `status`: command_status of the answer. */
export interface CentreAnswer {
  readonly status: number;
  readonly body?: Buffer;
}

/** message_state by the final status of a message; all others are on the way. */
const STATES: Readonly<Record<string, ReceiptState>> = {
  delivered: "DELIVRD",
  undelivered: "UNDELIV",
  failed: "UNDELIV",
  expired: "EXPIRED",
  rejected: "REJECTD",
  unknown: "UNKNOWN",
};

/** Answers what a centre is asked of messages that it has taken: by the same look-up and the same cancels as over HTTP. */
export class CentreAnswers {
  private readonly options: CentreAnswersOptions;

  constructor(options: CentreAnswersOptions) {
    this.options = options;
  }

  /** @throws as the look-up does when the status cannot be had */
  async answer(account: Account, pdu: Exclude<CentreRequestPdu, { command: "submit_multi" }>): Promise<CentreAnswer> {
    // A message cannot be changed once it is kept; it can be cancelled while it waits for its time.
    if (pdu.command === "replace_sm") return { status: commandStatus.ESME_RREPLACEFAIL };
    const id = pdu.messageId.trim().toLowerCase();
    if (!isMessageId(id)) return { status: commandStatus.ESME_RINVMSGID };
    return pdu.command === "query_sm" ? this.query(account, id, pdu.messageId) : this.cancel(account, id);
  }

  private async query(account: Account, id: string, given: string): Promise<CentreAnswer> {
    const [found] = await this.options.status.find(account.id, id, []);
    if (found === undefined) return { status: commandStatus.ESME_RQUERYFAIL };
    const ended = STATES[found.status];
    const date = ended === undefined ? "" : absoluteTime(Date.parse(found.updatedAt));
    const state = messageStates[ended ?? "ENROUTE"];
    return { status: commandStatus.ESME_ROK, body: queryResponseBody(given, date, state, errorOf(found)) };
  }

  private async cancel(account: Account, id: string): Promise<CentreAnswer> {
    const { outcome } = await this.options.cancels.cancel(account, id);
    switch (outcome) {
      case "cancelled":
        return { status: commandStatus.ESME_ROK };
      case "no-such-message":
        return { status: commandStatus.ESME_RINVMSGID };
      case "throttled":
        return { status: commandStatus.ESME_RTHROTTLED };
      case "closed":
      case "refused":
      case "unknown":
        return { status: commandStatus.ESME_RSYSERR };
      default:
        return { status: commandStatus.ESME_RCANCELFAIL };
    }
  }
}

/** error_code has one octet (5.2.31); a code that is no small number is 255 of a message that was not delivered. */
function errorOf({ history }: MessageStatusAnswer): number {
  const code = history.at(-1)?.errorCode;
  if (code === undefined) return 0;
  return /^\d{1,3}$/.test(code) && Number(code) <= 255 ? Number(code) : 255;
}
