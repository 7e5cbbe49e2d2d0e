const LOOK_EVERY_MS = 1_000;
/** After failures it is asked half as often each time, but never less often than this. */
const LONGEST_MS = 30_000;
/** Answers of the server that stay the same however often it is asked. */
const SETTLED = new Set([400, 401, 403, 404]);

/**
 * Follows a run on the server until it has ended. A question that fails is asked again, with growing pauses: the run goes on without the page.
 * @param look asks for the run @param show told of each answer, null where there is no run
 * @param lost told why contact is lost, and with an empty text when it is there again
 * @returns { take(run): follows an answer that has come by itself, look(), close() }
 */
export function followRun({ look, show, lost }) {
  let timer;
  let failures = 0;
  let closed = false;
  /** Of the newest question or answer: what an older question brings is older than what is shown. */
  let turn = 0;

  function take(run) {
    clearTimeout(timer);
    turn++;
    if (closed) return;
    if (failures > 0) lost("");
    failures = 0;
    show(run);
    if (run?.state === "running") timer = setTimeout(ask, LOOK_EVERY_MS);
  }
  async function ask() {
    clearTimeout(timer);
    const own = ++turn;
    try {
      const run = await look();
      if (own === turn) take(run);
    } catch (error) {
      if (own !== turn || closed) return;
      failures++;
      if (SETTLED.has(error.status)) lost(error.message);
      else {
        lost(`Contact is lost, and what stands here may be old. ${error.message} It is tried again.`);
        timer = setTimeout(ask, Math.min(LONGEST_MS, LOOK_EVERY_MS * 2 ** failures));
      }
    }
  }
  return {
    take,
    look: ask,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
