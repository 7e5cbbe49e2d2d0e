import {
  BARE_STATE,
  FIELDS,
  hasReceiptFields,
  parseSmppReceipt,
  type SmppReceiptInput,
  stateOfWord,
} from "./smpp-receipt.ts";

/**
 * What the parameters of a deliver_sm make it that esm_class calls no receipt. `either`: whether it is one shows by its id, and a
 * message that a person wrote is lost only if it names a message that was sent to that person.
 */
export type Mark = "receipt" | "either" | "none";

/**
 * Only receipts and intermediate notifications have receipted_message_id (SMPP 3.4, 4.6.1 and 5.3.2.12), message_state
 * (5.3.2.35) and network_error_code (5.3.2.31). The id with one of the others makes a receipt, and so does the id with a text
 * that has a receipt's fields, or with none. Beside other words the id alone would make a receipt that says nothing, and would cost a
 * person's message.
 */
export function markOf({ text, receiptedMessageId, messageState, networkErrorCode }: SmppReceiptInput): Mark {
  const hasState = messageState !== undefined || networkErrorCode !== undefined;
  if (receiptedMessageId?.trim()) return hasState || text.trim() === "" || hasReceiptFields(text) ? "receipt" : "none";
  if (receiptedMessageId !== undefined && messageState !== undefined) return "receipt";
  return hasState && parseSmppReceipt({ text }).ok ? "either" : "none";
}

/** A field of appendix B, or one of a vendor's own: those stand behind the others or between them. */
const LABEL = new RegExp(String.raw`(?:(?:^|[^a-z0-9_])(${FIELDS})|(?:^|[\s,;|"'])[a-z][\w.-]{0,31})\s*:`, "gi");

/** Dates are as various as centres: digits with or without separators, with or without a zone; or none. */
const DATE = /^(?:\d[\d :./T-]{7,24}(?:[RZ]|[+-](?:\d\d:?\d\d)?)?)?$/;
const STRICT: Readonly<Record<string, RegExp>> = {
  id: /^[\x21-\x7e]{1,65}$/,
  sub: /^\d{0,3}$/,
  dlvrd: /^\d{0,3}$/,
  submitdate: DATE,
  donedate: DATE,
  err: /^[\w-]{0,16}$/,
};
/** Of a vendor's field: some words, and no sentence. */
const VENDOR_VALUE = /^(?:\S{1,64}(?: \S{1,32}){0,3})?$/;
/** Words of states that are not known are in capitals, and count only where a done date shows the form to be whole. */
const UNKNOWN_STATE = /^[A-Z][A-Z_-]{2,31}$/;

/**
 * Whether a text that nothing marks as a receipt has the form of one (appendix B) and no word beside it: the id first, a state,
 * each field once and with a value of its kind. Fields of vendors may stand between and behind. People write much, but not that.
 */
export function isReceiptText(text: string): boolean {
  const head = text.trimStart();
  if (!/^id\s*:/i.test(head)) return false;
  let name: string | undefined;
  let valueStart = 0;
  const values = new Map<string, string>();
  for (const match of head.matchAll(LABEL)) {
    if (name !== undefined && !take(values, name, head.slice(valueStart, match.index))) return false;
    name = match[1]?.toLowerCase().replace(/[ _]+/, "") ?? "";
    valueStart = match.index + match[0].length;
    if (name === "text") break;
  }
  if (name !== "text" && !take(values, name!, head.slice(valueStart))) return false;
  return values.has("id") && (stateOfWord(values.get("stat")) !== undefined || isWhole(values));
}

function isWhole(values: ReadonlyMap<string, string>): boolean {
  return UNKNOWN_STATE.test(values.get("stat") ?? "") && Boolean(values.get("donedate"));
}

/** False for a value that a centre would not write there. `name` is empty for a vendor's field. */
function take(values: Map<string, string>, name: string, raw: string): boolean {
  let value = raw.trim().replace(/[,;]$/, "");
  const bare = name === "stat" ? undefined : BARE_STATE.exec(` ${value}`);
  if (bare?.[1] !== undefined && value.endsWith(` ${bare[1]}`)) {
    if (values.has("stat")) return false;
    values.set("stat", bare[1]);
    value = value.slice(0, -bare[1].length).trim();
  }
  value = value.replace(/^(["'])(.*)\1$/, "$2");
  if (name === "") return VENDOR_VALUE.test(value);
  if (values.has(name)) return false;
  values.set(name, value);
  return name === "stat" ? stateOfWord(value) !== undefined || UNKNOWN_STATE.test(value) : STRICT[name]!.test(value);
}
