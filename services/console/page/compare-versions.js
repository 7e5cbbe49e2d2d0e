import { diffList } from "./change-catalog.js";
import { el, setText } from "./elements.js";
import { ask } from "./server.js";

/** What differs between any two of the versions that are kept. `offer(versions)`: which there are, newest first. */
export function compareVersions() {
  const trouble = el("p", { class: "trouble", role: "alert" });
  const outcome = el("p", { class: "outcome", role: "status" });
  const place = el("div");
  const [from, to] = ["compare-from", "compare-to"].map((id) => el("select", { id }));
  const submit = async (event) => {
    event.preventDefault();
    setText(trouble, "");
    try {
      const found = await ask(`/api/history/diff?from=${from.value}&to=${to.value}`);
      const lines = found.diff.length;
      setText(
        outcome,
        `From version ${found.from} to ${found.to}: ${lines === 0 ? "they say the same" : lines === 1 ? "1 line" : `${lines} lines`}.`,
      );
      place.replaceChildren(...(lines === 0 ? [] : [diffList(found.diff)]));
    } catch (error) {
      setText(trouble, error.message);
    }
  };
  const field = (id, title, one) => el("span", { class: "field" }, el("label", { for: id }, title), one);
  const element = el(
    "form",
    { class: "card", submit, hidden: true },
    el("h2", {}, "What differs between two versions?"),
    el(
      "div",
      { class: "fields" },
      field("compare-from", "From version", from),
      field("compare-to", "To version", to),
      el("button", { type: "submit" }, "Compare"),
    ),
    trouble,
    outcome,
    place,
  );
  let known = "";
  const offer = (versions) => {
    const numbers = versions.map(({ version }) => String(version));
    element.hidden = numbers.length < 2;
    if (numbers.join() === known) return;
    known = numbers.join();
    fill(from, numbers, from.value || numbers[1]);
    fill(to, numbers, to.value || numbers[0]);
  };
  return { element, offer };
}

function fill(select, numbers, chosen) {
  select.replaceChildren(...numbers.map((one) => el("option", { value: one, selected: one === chosen }, one)));
}
