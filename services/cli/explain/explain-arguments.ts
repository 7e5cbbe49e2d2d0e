import { parseArgs } from "node:util";
import { type FieldProblem, type ValidRequest, validateSendRequest } from "../../../domain/message/validation.ts";
import { readLabel, readTime, understood } from "../arguments.ts";
import { UsageError } from "../command.ts";

export interface ExplainArguments {
  readonly request: ValidRequest;
  readonly account: string | undefined;
  /** Epoch ms; undefined: now. */
  readonly at: number | undefined;
  /** Folder of files that are asked instead of the catalog at work. */
  readonly files: string | undefined;
  readonly json: boolean;
}

/** A text of one segment, for those who ask without one. */
const SOME_TEXT = "Hello";
/** Which argument a field of a request comes from. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  to: "--to",
  from: "--from",
  lane: "--lane",
  text: "--text",
  sendAt: "--send-at",
};

/** Reads the arguments of `explain`. @throws UsageError naming the argument. */
export function readExplainArguments(args: readonly string[]): ExplainArguments {
  const values = understood(() => parse(args));
  if (values.to === undefined) throw new UsageError("--to is needed: the number that the message goes to");
  return {
    request: readRequest(values),
    account: values.account,
    at: readTime("--at", values.at),
    files: values.files,
    json: values.json ?? false,
  };
}

function readRequest(values: ReturnType<typeof parse>): ValidRequest {
  const labels = (values.label ?? []).map(readLabel);
  const valid = validateSendRequest({
    to: values.to,
    from: values.from,
    lane: values.lane,
    text: values.text ?? SOME_TEXT,
    transliterate: values.transliterate,
    sendAt: values["send-at"],
    metadata: labels.length > 0 ? Object.fromEntries(labels) : undefined,
  });
  if (valid.ok) return valid.request;
  throw new UsageError(valid.problems.map((problem) => problemText(problem, values)).join("\n"));
}

function problemText({ field, message }: FieldProblem, values: ReturnType<typeof parse>): string {
  const argument = ARGUMENTS[field] ?? "--label";
  // A text is somebody's message, and long.
  const given = argument === "--text" ? "" : (values[argument.slice(2) as "to" | "send-at"] ?? "");
  return `${argument} ${given}: ${message}`;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      to: { type: "string" },
      account: { type: "string" },
      lane: { type: "string" },
      from: { type: "string" },
      text: { type: "string" },
      transliterate: { type: "boolean" },
      label: { type: "string", multiple: true },
      at: { type: "string" },
      "send-at": { type: "string" },
      files: { type: "string" },
      json: { type: "boolean" },
    },
  }).values;
}
