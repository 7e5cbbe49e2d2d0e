/** Asks again every 200 ms until the condition holds. */
export async function until(
  what: () => string,
  condition: () => boolean | Promise<boolean>,
  ms: number,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not within ${ms} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
