import type { InboundData } from "../../pipeline/records/inbound-data.ts";
import { JASMIN_LEVEL_LABEL, JASMIN_METHOD_LABEL } from "../../pipeline/records/report-labels.ts";
import { receiptFields } from "./kannel-report.ts";
import type { StatusData } from "./status-callback.ts";

/** Reports and messages as Jasmin 0.11 throws them over HTTP (its documentation, "HTTP API", and jasmin/routing/throwers.py). */

/** What an address answers that has taken it. */
export const JASMIN_ACK = "ACK/Jasmin";

export interface JasminCall {
  readonly method: "GET" | "POST";
  readonly fields: Readonly<Record<string, string>>;
}

/** In place of the name of one of Jasmin's connectors. */
const CONNECTOR = "sluice";
/** Without a level, as messages that did not come in Jasmin's form have none. */
const BOTH = 3;
/** Of a message that no provider has taken, where none has given a status of SMPP. */
const NOT_SUBMITTED = "ESME_RSUBMITFAIL";

/** Undefined: the status is not told at the level that was asked for. `at`: when it happened, epoch ms. */
export function jasminReport(data: StatusData, at: number): JasminCall | undefined {
  const { status, submittedAt, metadata, id, errorCode } = data;
  if (status === "unknown" || status === "queued") return undefined;
  const asked = Number(metadata[JASMIN_LEVEL_LABEL] ?? BOTH);
  const ofSubmission = status === "sent" || submittedAt === null;
  const level = ofSubmission ? 1 : 2;
  if (asked !== level && asked !== BOTH) return undefined;
  const method = metadata[JASMIN_METHOD_LABEL] === "GET" ? "GET" : "POST";
  const common = { id, level: String(level), connector: CONNECTOR };
  if (ofSubmission) {
    const refusal = /^ESME_\w{1,40}$/.test(errorCode ?? "") && errorCode !== "ESME_ROK" ? errorCode! : NOT_SUBMITTED;
    return { method, fields: { ...common, message_status: status === "sent" ? "ESME_ROK" : refusal } };
  }
  const { sub, dlvrd, subdate, donedate, err, stat } = receiptFields(data, at);
  const receipt = { id_smsc: id, sub, dlvrd, subdate, donedate, err, text: "" };
  return { method, fields: { ...common, message_status: stat, ...receipt } };
}

/** A message from a handset, as an HTTP connector of mo routes gets it. */
export function jasminInbound({ id, from, to, text, binary }: InboundData): JasminCall {
  const content = binary === null ? Buffer.from(text).toString("hex") : binary;
  return {
    method: "POST",
    fields: {
      ...{ id, from, to, content: binary === null ? text : "", binary: content, "origin-connector": CONNECTOR },
      ...{ priority: "0", coding: binary === null ? "0" : "4" },
    },
  };
}
