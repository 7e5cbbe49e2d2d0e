import type { FieldProblem } from "../../../../../domain/message/validation.ts";
import { ProblemError } from "../../../../../platform/http/problem.ts";
import type { UploadLine } from "../../../uploads/upload-session.ts";

/** Reads the lines of a file that comes in pieces, cut anywhere. Lines of blanks alone are none, but count. */
export interface LineReader {
  /** The lines that the next octets complete. @throws ProblemError where the file cannot be one of messages */
  push(octets: Buffer): Iterable<UploadLine>;
  /** What is left when nothing more comes. @throws as `push` */
  end(): Iterable<UploadLine>;
  /** What was found of the file as a whole; undefined as long as it is not known. */
  readonly about: object | undefined;
}

/** Nothing of the file can be read as messages. */
export function invalidUpload(...errors: readonly FieldProblem[]): ProblemError {
  return new ProblemError({
    status: 400,
    code: "INVALID_UPLOAD",
    title: "The file cannot be read as messages",
    detail: "nothing was accepted; errors names what is wrong",
    errors,
  });
}

/** A line that is none of a message. */
export function unreadable(line: number, code: string, message: string, field = ""): UploadLine {
  return { line, problems: [{ field, code, message }] };
}
