import { isLane, type Lane, lanes } from "../../../../domain/message/lane.ts";
import { sendAtText } from "../../../../domain/message/send-at.ts";
import { requestLimits } from "../../../../domain/message/validation.ts";
import { type CommandStatusName, commandStatus } from "../../../../domain/smpp/command-status.ts";
import type { Submission } from "../../../../domain/smpp/server/read-submission.ts";
import { packAsked } from "../../../../domain/smpp/server/registered-delivery.ts";
import type { ReceiptTo } from "../../../../schemas/generated/types.ts";
import type { RejectedMessage } from "../../acceptance/intake.ts";
import type { Account } from "../../access/api-keys.ts";

/** service_type has five characters at most: a lane by its name, cut. */
const SERVICE_LANES: ReadonlyMap<string, Lane> = new Map([
  ["otp", "otp"],
  ["trans", "transactional"],
  ["mktg", "marketing"],
]);
/** priority_flag from here on is urgent (SMPP 3.4, 5.2.14, of its four levels). */
const URGENT = 2;
/** type_of_number of an international number (5.2.5). */
const INTERNATIONAL = 1;

/** The fields of a message, as acceptance judges them. `now`: epoch ms. */
export function messageOf(submission: Submission, text: string, account: Account, now: number): object {
  const { source, dest, sendAt } = submission;
  return {
    to: dest.ton === INTERNATIONAL && /^\d/.test(dest.address) ? `+${dest.address}` : dest.address,
    ...(source.address === "" ? {} : { from: source.address }),
    text,
    lane: laneOf(submission, account),
    ...(validityOf(submission, now) ?? {}),
    ...(sendAt === undefined ? {} : { sendAt: sendAtText(sendAt) }),
  };
}

/** service_type names it; otherwise priority_flag does, among the lanes that the account has. */
export function laneOf(submission: Pick<Submission, "serviceType" | "priority">, account: Account): Lane {
  const named = SERVICE_LANES.get(submission.serviceType.trim().toLowerCase());
  if (named !== undefined) return named;
  const wanted: Lane = submission.priority >= URGENT ? "otp" : "transactional";
  const allowed = account.lanes?.filter(isLane);
  if (allowed === undefined || allowed.includes(wanted)) return wanted;
  // What is less urgent is no promise that the account does not have; failing that, the nearest one.
  const order = [...lanes];
  const from = order.indexOf(wanted);
  return (
    order.slice(from).find((lane) => allowed.includes(lane)) ??
    order.slice(0, from).findLast((lane) => allowed.includes(lane)) ??
    wanted
  );
}

/** A validity that is too short or too long is taken for the nearest there is: clients send days without meaning them. */
function validityOf({ expiresAt, sendAt }: Submission, now: number): { validity: number } | undefined {
  if (expiresAt === undefined) return undefined;
  const seconds = Math.floor((expiresAt - Math.max(now, sendAt ?? now)) / 1_000);
  const { minValiditySeconds: min, maxValiditySeconds: max } = requestLimits;
  return { validity: Math.min(max, Math.max(min, seconds)) };
}

/** Where its receipts go; null where none is asked for. `id`: what the client is answered. */
export function receiptToOf({ asked, source, dest, reference }: Submission, id: string): ReceiptTo | null {
  if (!asked.delivered && !asked.failed && !asked.intermediate) return null;
  return {
    ids: [id],
    asked: packAsked(asked),
    sourceTon: source.ton,
    sourceNpi: source.npi,
    source: source.address,
    destTon: dest.ton,
    destNpi: dest.npi,
    dest: dest.address,
    reference: reference ?? null,
  };
}

const BY_FIELD: ReadonlyMap<string, CommandStatusName> = new Map([
  ["to", "ESME_RINVDSTADR"],
  ["from", "ESME_RINVSRCADR"],
  ["text", "ESME_RINVMSGLEN"],
  ["lane", "ESME_RINVSERTYP"],
  ["validity", "ESME_RINVEXPIRY"],
  ["sendAt", "ESME_RINVSCHED"],
]);

/** The command_status for the first of a message's problems. */
export function statusOfRejected({ problems }: RejectedMessage): number {
  return commandStatus[BY_FIELD.get(problems[0]?.field ?? "") ?? "ESME_RSUBMITFAIL"];
}
