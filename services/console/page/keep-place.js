const FOCUSABLE = "a[href], button, summary, input, select, textarea, [tabindex]";

/**
 * Runs `render`, which makes the content of `body` anew, and gives back what that would take from whoever is reading there: the focus, how far
 * tables are scrolled, and which details are open.
 */
export function keepingPlace(body, render) {
  const focused = [...body.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  const scrolled = [...body.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
  const opened = [...body.querySelectorAll("details")].map(({ open }) => open);
  render();
  const details = [...body.querySelectorAll("details")];
  if (details.length === opened.length) for (const [index, one] of details.entries()) one.open = opened[index];
  for (const [index, one] of [...body.querySelectorAll(".scroll")].entries()) one.scrollLeft = scrolled[index] ?? 0;
  if (focused < 0 || body.contains(document.activeElement)) return;
  const now = [...body.querySelectorAll(FOCUSABLE)];
  now[Math.min(focused, now.length - 1)]?.focus({ preventScroll: true });
}
