/** What the server answers that is no success; `status` and `code` as in its problem details (RFC 9457). */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail === undefined ? problem.title : `${problem.title}: ${problem.detail}`);
    this.status = status;
    this.code = problem.code;
    this.errors = problem.errors ?? [];
  }
}

/** Browsers say "Failed to fetch", or less. */
async function reached(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The console cannot be reached. Is it running, and are you connected?");
  }
}

/** Asks the server. @throws Refused */
export async function ask(path, { body, signal } = {}) {
  const response = await reached(path, {
    method: body === undefined ? "GET" : "POST",
    headers: body === undefined ? {} : { "content-type": "application/json", "x-sluice-console": "1" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = await response.json().catch(() => ({ title: `The console answered ${response.status}` }));
  if (response.ok) return answer;
  if (response.status === 401 && path !== "/api/login") dispatchEvent(new Event("loggedout"));
  throw new Refused(response.status, answer);
}
