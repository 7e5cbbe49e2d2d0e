import { SluiceError } from "../../../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../../../platform/http/problem.ts";

const RETRY_AFTER_SECONDS = "1";

/**
 * For what is asked of analytics: where it does not answer, or may not read as much as the question takes, the client is told so.
 * @param smaller what to do where the question takes too much
 * @throws ProblemError 503, or what was thrown
 */
export function answeredByAnalytics(
  title: string,
  smaller = "ask for a shorter time with from and until",
): (error: unknown) => never {
  return (error) => {
    const code = error instanceof SluiceError ? error.code : undefined;
    if (code !== "STATUS_UNAVAILABLE" && code !== "LOOKUP_TOO_LARGE") throw error;
    const detail =
      code === "LOOKUP_TOO_LARGE"
        ? `it would read more than analytics allows; ${smaller}`
        : "analytics does not answer; repeat the request after the time in Retry-After";
    throw new ProblemError(
      { status: 503, code: "UNAVAILABLE", title, detail },
      { headers: { "retry-after": RETRY_AFTER_SECONDS }, cause: error },
    );
  };
}
