import type { IncomingMessage } from "node:http";
import { decodeGsm7Unpacked } from "../../../../domain/text/encoding.ts";
import { JASMIN_LEVEL_LABEL, JASMIN_METHOD_LABEL } from "../../../../pipeline/records/report-labels.ts";
import { extractTrace } from "../../../../platform/telemetry/trace-context.ts";
import type { Account } from "../../access/api-keys.ts";
import { decode, type Fields, idempotencyKeyOf, withFields } from "./fields.ts";
import { laneOfPriority, usualLane } from "./priority-lane.ts";
import { Refusal, requireAdmitted, requireEnded, unavailable } from "./refusal.ts";
import { sendingAccount } from "./sending-account.ts";
import type { SendSmsContext } from "./sendsms-context.ts";
import { readSmppTime } from "./smpp-time.ts";

const LATER = "Messages cannot be accepted at the moment, nothing was accepted";
const SAID = { closed: LATER, throttled: "User throughput exceeded" };

/** Arguments with the values that they may have; those without a pattern take any. */
const ARGUMENTS: Readonly<Record<string, RegExp | undefined>> = {
  username: undefined,
  password: undefined,
  to: /^\+?\d+$/,
  from: undefined,
  coding: /^(?:[0-9]|10|13|14)$/,
  priority: /^[0-3]$/,
  sdt: /^\d{15}[+R-]$/,
  "validity-period": /^\d{1,9}$/,
  dlr: /^(?:yes|no)$/,
  "dlr-url": /^https?:\/\//,
  "dlr-level": /^[1-3]$/,
  "dlr-method": /^(?:get|post)$/i,
  tags: /^[-a-zA-Z0-9,]*$/,
  content: undefined,
  "hex-content": /^(?:[0-9A-Fa-f]{2})*$/,
  custom_tlvs: undefined,
};
const NAMES: ReadonlySet<string> = new Set(Object.keys(ARGUMENTS));
const REQUIRED = ["username", "password", "to"];
/** Not texts of UTF-8. */
const OCTETS: ReadonlySet<string> = new Set(["content"]);

/** Codings of SMPP (3.4, 5.2.19) that are texts, with the charset in which `content` has them. */
const CHARSETS: Readonly<Record<string, string>> = { "0": "utf-8", "1": "utf-8", "3": "iso-8859-1", "8": "utf-16be" };

/**
 * `GET` and `POST /send` as Jasmin's HTTP API has it (docs/from-jasmin.md): the id of the message.
 * @throws Refusal with Jasmin's words, where it has some
 */
export async function send(context: SendSmsContext, request: IncomingMessage): Promise<string> {
  return await withFields(request, context.bodies, LATER, async (fields) => {
    checkArguments(fields);
    const account = sendingAccount(context, request, {
      user: fields.text("username"),
      password: fields.text("password"),
      said: "Authentication failure for this username",
    });
    const message = readMessage(fields, account, context.suppressions.now());
    const key = idempotencyKeyOf(request);
    requireAdmitted(context.acceptor.admit(account, 1), SAID);
    const trace = extractTrace(request.headers);
    const sdt = fields.text("sdt");
    const timeGiven = sdt?.endsWith("R") === true ? sdt : undefined;
    const accepted = await context.acceptor.accept(account, [{ message, key, trace, timeGiven }]);
    requireEnded(accepted, LATER);
    const result = accepted.results[0]!;
    if (result.status === "rejected") {
      const [{ field, message: why }] = result.problems as [(typeof result.problems)[number]];
      throw new Refusal(
        result.kind === "invalid" ? 400 : 422,
        `Argument [${NAMES_OF[field] ?? field}] has an invalid value: ${why}`,
      );
    }
    if (accepted.outcome === "unknown")
      throw unavailable(
        "It is not known whether this was accepted; with the same Idempotency-Key it is not sent twice",
      );
    return result.id;
  });
}

/** Our fields by Jasmin's names, where they differ. */
const NAMES_OF: Readonly<Record<string, string>> = {
  ...{ text: "content", validity: "validity-period", sendAt: "sdt", callbackUrl: "dlr-url", lane: "priority" },
};

function checkArguments(fields: Fields): void {
  const stranger = fields.unknown(NAMES);
  if (stranger !== undefined) throw new Refusal(400, `Argument [${stranger}] is unknown.`);
  for (const name of REQUIRED)
    if (fields.octets(name) === undefined) throw new Refusal(400, `Mandatory argument [${name}] is not found.`);
  for (const [name, pattern] of Object.entries(ARGUMENTS)) {
    const value = OCTETS.has(name) ? undefined : fields.text(name);
    if (value !== undefined && pattern?.test(value) === false)
      throw new Refusal(400, `Argument [${name}] has an invalid value.`);
  }
  if (fields.text("custom_tlvs") !== undefined)
    throw new Refusal(
      400,
      "Argument [custom_tlvs] is not supported: optional parameters of SMPP are not handed through",
    );
}

function readMessage(fields: Fields, account: Account, now: number) {
  const priority = fields.text("priority");
  const minutes = fields.text("validity-period");
  const tags = fields.text("tags");
  return {
    to: fields.text("to"),
    from: fields.text("from"),
    text: textOf(fields),
    lane: priority === undefined ? usualLane(account) : laneOfPriority(priority),
    validity: minutes === undefined ? undefined : Number(minutes) * 60,
    sendAt: sendAtOf(fields.text("sdt"), now),
    callbackUrl: callbackOf(fields, account),
    metadata: labelsOf(tags, fields, account),
  };
}

function textOf(fields: Fields): string {
  const [content, hex] = [fields.octets("content"), fields.octets("hex-content")];
  if (content === undefined && hex === undefined) throw new Refusal(400, "content or hex-content not present.");
  if (content !== undefined && hex !== undefined)
    throw new Refusal(400, "content and hex-content cannot be used both in same request.");
  const coding = fields.text("coding") ?? "0";
  const charset = CHARSETS[coding];
  if (charset === undefined)
    throw new Refusal(
      400,
      "Argument [coding] has an invalid value: 0, 1, 3 and 8 are texts, and other content is not sent",
    );
  const octets = content ?? Buffer.from(hex!.toString("latin1"), "hex");
  // Octets of the GSM alphabet, one a character, as they would stand in the PDU.
  if (content === undefined && coding === "0") return decodeGsm7Unpacked(octets);
  const text = decode(octets, charset);
  if (text === undefined)
    throw new Refusal(
      400,
      `Argument [content] has an invalid value: it is not in ${charset}, which coding ${coding} is`,
    );
  return text;
}

function sendAtOf(sdt: string | undefined, now: number): string | undefined {
  if (sdt === undefined) return undefined;
  const time = readSmppTime(sdt, now);
  if (time === undefined) throw new Refusal(400, "Argument [sdt] has an invalid value: there is no such time");
  return new Date(time).toISOString();
}

function tellsAsJasmin({ callbacks }: Account): boolean {
  return callbacks?.form === "jasmin";
}

function labelsOf(tags: string | undefined, fields: Fields, account: Account): Record<string, string> | undefined {
  const labels = {
    ...(tags === undefined ? {} : { tags }),
    // Its own defaults.
    ...(tellsAsJasmin(account)
      ? {
          [JASMIN_LEVEL_LABEL]: fields.text("dlr-level") ?? "1",
          [JASMIN_METHOD_LABEL]: fields.text("dlr-method")?.toUpperCase() ?? "POST",
        }
      : {}),
  };
  return Object.keys(labels).length === 0 ? undefined : labels;
}

/** As in Jasmin, naming an address or a level asks for reports. An account with another form has them posted. */
function callbackOf(fields: Fields, account: Account): string | undefined {
  const [url, level] = [fields.text("dlr-url"), fields.text("dlr-level")];
  const asked = url !== undefined || level !== undefined || fields.text("dlr") === "yes";
  if (!tellsAsJasmin(account) && asked && fields.text("dlr-method")?.toLowerCase() === "get")
    throw new Refusal(
      400,
      "Argument [dlr-method] has an invalid value: GET is for accounts with callbacks of the form jasmin; reports of this one are posted in its own form",
    );
  return url;
}
