const FOCUSABLE = "a[href], button, summary, input, select, textarea, [tabindex]";

/**
 * Runs `render`, which makes the content of `body` anew, and gives back what that would take from whoever is reading there: the focus, how far
 * tables are scrolled, and which details are open. What is there again is known by what it is called and the row that it stands in, never
 * by its place: rows come and go. Where what had the focus is gone, `instead` gets it, so that no key meets another row's button.
 */
export function keepingPlace(body, render, instead = body) {
  const within = body.contains(document.activeElement);
  const focused = [...named(body, FOCUSABLE)].find(([, element]) => element === document.activeElement)?.[0];
  const scrolled = [...named(body, ".scroll")].map(([name, { scrollLeft }]) => [name, scrollLeft]);
  const opened = [...named(body, "details")].map(([name, { open }]) => [name, open]);
  render();
  const details = named(body, "details");
  for (const [name, open] of opened) if (details.has(name)) details.get(name).open = open;
  const tables = named(body, ".scroll");
  for (const [name, left] of scrolled) if (tables.has(name)) tables.get(name).scrollLeft = left;
  if (!within || body.contains(document.activeElement)) return;
  const there = focused === undefined ? undefined : named(body, FOCUSABLE).get(focused);
  // A button that has become of no use takes no focus.
  there?.focus({ preventScroll: true });
  if (there !== undefined && document.activeElement === there) return;
  if (!instead.hasAttribute("tabindex")) instead.tabIndex = -1;
  instead.focus({ preventScroll: true });
}

/** Elements by name; of several with one name each has its number. */
function named(body, selector) {
  const found = new Map();
  const counts = new Map();
  for (const element of body.querySelectorAll(selector)) {
    const name = nameOf(element);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    found.set(`${name} ${count}`, element);
  }
  return found;
}

/** What it is called, and in which row or named part it stands. `data-place` names what has no lasting name else. */
function nameOf(element) {
  if (element.tagName === "SUMMARY") return `summary of ${nameOf(element.parentElement)}`;
  const label = element.tagName === "DETAILS" ? element.querySelector("summary")?.textContent : element.textContent;
  const own =
    element.dataset.place ||
    element.id ||
    element.getAttribute("aria-label") ||
    element.getAttribute("href") ||
    label ||
    "";
  const around = element.parentElement?.closest("[data-place], tr");
  const place = around?.dataset.place || around?.querySelector("th")?.textContent || "";
  return `${element.tagName} ${own} in ${place}`;
}
