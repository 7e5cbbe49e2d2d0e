class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** What comes of the work, if it does so in time: it rejects after `ms` with an error of the name DeadlineError, and the work goes on unheard. */
export function within<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(`No answer within ${ms} ms`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
