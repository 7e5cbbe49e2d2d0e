import type { LetterFilter } from "../../../pipeline/dead-letters/letter-search.ts";
import type { LetterPlace } from "../../../pipeline/dead-letters/replay-mark.ts";
import { type Body, invalid, textField, wholeNumber } from "../actions/fields.ts";

/** Reasons, topics, accounts and providers that letters are looked for by. */
const WORD = /^[\w.:-]{1,128}$/;
const TIME = { min: 0, max: 8_640_000_000_000_000 };
const MAX_LABELS = 10;
const MAX_VALUE = 256;
const LABEL_NAME = /^[\w.:-]{1,64}$/;
const PLACE = /^(\d{1,5})\/(\d{1,15})$/;

/**
 * Which letters are meant, by the same fields for the list, the dry run and the replay: reason, topic, account, provider, `from` and `to` (epoch ms),
 * and `labels`, each as `name=value`. @throws ProblemError 400 naming the field
 */
export function readLetterFilter(body: Body): LetterFilter {
  const word = (field: string) => (body[field] === undefined ? undefined : textField(body, field, WORD));
  const time = (field: string) => (body[field] === undefined ? undefined : wholeNumber(body, field, TIME));
  const [from, to] = [time("from"), time("to")];
  if (from !== undefined && to !== undefined && from >= to) throw invalid("to", "it must be later than from");
  return {
    reason: word("reason"),
    topic: word("topic"),
    account: word("account"),
    provider: word("provider"),
    from,
    to,
    labels: readLabels(body.labels),
  };
}

/** The fields of a query, in which all values are texts and an empty one says nothing. */
export function filterFields(query: Readonly<Record<string, unknown>>): Body {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const fields: Record<string, unknown> = Object.fromEntries(given);
  for (const field of ["from", "to"])
    if (typeof fields[field] === "string" && /^\d{1,16}$/.test(fields[field])) fields[field] = Number(fields[field]);
  if (typeof fields.labels === "string") fields.labels = [fields.labels];
  return fields;
}

/** A letter by its name, `<partition>/<offset>`. @throws ProblemError 400 */
export function readPlace(written: unknown): LetterPlace {
  const match = typeof written === "string" ? PLACE.exec(written) : null;
  if (match === null) throw invalid("letter", "partition and offset, such as 3/1024, are needed");
  return { partition: Number(match[1]), offset: Number(match[2]) };
}

function readLabels(labels: unknown): Record<string, string> | undefined {
  if (labels === undefined) return undefined;
  if (!Array.isArray(labels) || labels.length > MAX_LABELS)
    throw invalid("labels", `a list of at most ${MAX_LABELS} labels, each as name=value, is needed`);
  const found = new Map<string, string>();
  for (const label of labels) {
    const cut = typeof label === "string" ? label.indexOf("=") : -1;
    const [name, value] = cut < 1 ? ["", ""] : [label.slice(0, cut), label.slice(cut + 1)];
    if (!LABEL_NAME.test(name) || value.length > MAX_VALUE) throw invalid("labels", "name=value is needed");
    if (found.has(name)) throw invalid("labels", `${name} is given twice: a letter has one value of it`);
    found.set(name, value);
  }
  return found.size === 0 ? undefined : Object.fromEntries(found);
}
