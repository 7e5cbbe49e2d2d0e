/** Asks again and again, one question at a time: while one is under way its turn is left out. `clearInterval` ends it. */
export function askEvery(everyMs: number, ask: () => Promise<void>, onFault: (error: Error) => void): NodeJS.Timeout {
  let busy = false;
  return setInterval(() => {
    if (busy) return;
    busy = true;
    ask()
      .catch(onFault)
      .finally(() => {
        busy = false;
      });
  }, everyMs);
}
