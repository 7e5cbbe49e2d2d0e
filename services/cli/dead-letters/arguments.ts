import { parseArgs } from "node:util";
import type { LetterFilter } from "../../../pipeline/dead-letters/letter-search.ts";
import type { LetterPlace } from "../../../pipeline/dead-letters/replay-mark.ts";
import { readLabel, readTime, understood } from "../arguments.ts";
import { UsageError } from "../command.ts";

/** What `sluice dead-letters` is to do. */
export type DeadLetterArguments =
  | { readonly action: "list"; readonly filter: LetterFilter; readonly most: number; readonly json: boolean }
  | { readonly action: "show"; readonly place: LetterPlace; readonly reveal: boolean; readonly json: boolean }
  | {
      readonly action: "replay";
      readonly filter: LetterFilter;
      /** Given by name; empty: those that the filter finds. */
      readonly places: readonly LetterPlace[];
      readonly carryOut: boolean;
      readonly rate: number;
      readonly most: number;
      readonly again: boolean;
      readonly asNew: boolean;
      readonly json: boolean;
    };

/** Letters that `list` shows, and that `replay` replays, unless another number is given. */
export const LISTED = 50;
export const REPLAYED = 100;
/** Letters a second. */
export const RATE = 20;
const MAX_LISTED = 10_000;
const MAX_RATE = 1_000;
const MAX_REPLAYED = 100_000;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const FILTERS = {
  reason: text,
  service: text,
  topic: text,
  from: text,
  to: text,
  account: text,
  provider: text,
  label: { type: "string", multiple: true },
} as const;

/** @throws UsageError naming the argument. */
export function readDeadLetterArguments([action, ...rest]: readonly string[]): DeadLetterArguments {
  switch (action) {
    case "list": {
      const { values, tokens } = understood(() =>
        parseArgs({
          args: rest,
          options: { ...FILTERS, most: text, json: flag },
          allowPositionals: false,
          tokens: true,
        }),
      );
      eachOnce(tokens);
      const most = readCount("--most", values.most, LISTED, MAX_LISTED);
      return { action, filter: readFilter(values), most, json: values.json ?? false };
    }
    case "show": {
      const { values, positionals } = understood(() =>
        parseArgs({ args: rest, options: { reveal: flag, json: flag }, allowPositionals: true }),
      );
      const [place, more] = positionals;
      if (place === undefined || more !== undefined) throw new UsageError("one letter is needed, such as 3/1024");
      return { action, place: readPlace(place), reveal: values.reveal ?? false, json: values.json ?? false };
    }
    case "replay":
      return readReplay(rest);
    default:
      throw new UsageError(`${action === undefined ? "" : `${action}: `}list, show or replay is needed`);
  }
}

function readReplay(args: readonly string[]): DeadLetterArguments {
  const { values, positionals, tokens } = understood(() =>
    parseArgs({
      args: [...args],
      options: { ...FILTERS, most: text, rate: text, yes: flag, again: flag, "as-new": flag, json: flag },
      allowPositionals: true,
      tokens: true,
    }),
  );
  eachOnce(tokens);
  const filter = readFilter(values);
  if (positionals.length > 0 && Object.values(filter).some((one) => one !== undefined))
    throw new UsageError("letters are named, or looked for by --reason and the like; not both");
  return {
    action: "replay",
    filter,
    places: positionals.map(readPlace),
    carryOut: values.yes ?? false,
    rate: readCount("--rate", values.rate, RATE, MAX_RATE),
    most: readCount("--most", values.most, REPLAYED, MAX_REPLAYED),
    again: values.again ?? false,
    asNew: values["as-new"] ?? false,
    json: values.json ?? false,
  };
}

type FilterValues = Readonly<
  Partial<Record<Exclude<keyof typeof FILTERS, "label">, string | undefined>> & { label?: string[] | undefined }
>;

function readFilter({ reason, service, topic, account, provider, label, ...times }: FilterValues): LetterFilter {
  const [from, to] = [readTime("--from", times.from), readTime("--to", times.to)];
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError(`--from ${times.from} is not before --to ${times.to}`);
  // A variable of a shell that was not set: whoever wrote it meant something by it.
  for (const [name, value] of Object.entries({ reason, service, topic, account, provider }))
    if (value === "") throw new UsageError(`--${name} is empty`);
  const labels = label === undefined ? undefined : readLabels(label);
  return { reason, service, topic, from, to, account, provider, labels };
}

function readLabels(written: readonly string[]): Record<string, string> {
  const labels = new Map<string, string>();
  for (const [name, value] of written.map(readLabel)) {
    if (labels.has(name)) throw new UsageError(`--label ${name} is given twice: a letter has one value of it`);
    labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

/** @throws UsageError where one is given twice: which is meant? Only labels may be several. */
function eachOnce(tokens: readonly { readonly kind: string; readonly name?: string }[]): void {
  const given = tokens.flatMap(({ kind, name }) => (kind === "option" && name !== "label" ? [name] : []));
  const twice = given.find((name, at) => given.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`--${twice} is given twice`);
}

function readPlace(written: string): LetterPlace {
  const match = /^(\d{1,5})\/(\d{1,15})$/.exec(written);
  if (match === null) throw new UsageError(`${written}: a letter is named by partition and offset, such as 3/1024`);
  return { partition: Number(match[1]), offset: Number(match[2]) };
}

function readCount(name: string, written: string | undefined, usual: number, most: number): number {
  if (written === undefined) return usual;
  const count = /^[1-9]\d{0,8}$/.test(written) ? Number(written) : Number.NaN;
  if (!(count <= most)) throw new UsageError(`${name} ${written}: a whole number from 1 to ${most} is needed`);
  return count;
}
