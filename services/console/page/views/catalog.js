import { asked } from "../asked.js";
import { el } from "../elements.js";
import { moment } from "../format.js";

/** The catalog's last versions, and what each changed. */
export function show(container) {
  const history = asked(() => "/api/history", render, { everyMs: 15_000 });
  container.append(el("h1", {}, "Catalog"), history.element);
  return () => history.close();
}

function render(body, { working, versions }) {
  // An open list stays open, and where one reads stays there.
  const key = JSON.stringify([working, versions.map(({ version }) => version)]);
  if (body.dataset.key === key) return;
  body.dataset.key = key;
  if (versions.length === 0) {
    body.replaceChildren(
      el(
        "p",
        { class: "card" },
        "No version has been applied: the services work with their files. sluice apply publishes the first.",
      ),
    );
    return;
  }
  body.replaceChildren(...versions.map((one, index) => versionCard(one, working, index === 0)));
}

function versionCard({ version, at, by, note, restored, diff }, working, open) {
  const lines =
    diff === null
      ? ["the first that is kept: there is none before it to compare with"]
      : diff.length === 0
        ? ["says the same as the one before"]
        : diff;
  const tone = (line) => ({ "+": "good", "-": "bad", "~": "warn" })[line[0]] ?? "none";
  return el(
    "section",
    { class: "card" },
    el("h2", {}, `Version ${version}${version === working ? " · at work" : ""}`),
    el(
      "p",
      { class: "muted" },
      `${moment(at)} by ${by}${restored === null ? "" : ` · brings back version ${restored}`}${note === null ? "" : ` · ${note}`}`,
    ),
    el(
      "details",
      { open: open || lines.length <= 5 },
      el("summary", {}, `${lines.length} line${lines.length === 1 ? "" : "s"} of difference`),
      el(
        "ul",
        { class: "diff" },
        lines.slice(0, 400).map((line) => el("li", { "data-tone": tone(line) }, line)),
      ),
      lines.length > 400
        ? el("p", { class: "muted" }, `and ${lines.length - 400} more: sluice catalog diff shows all`)
        : null,
    ),
  );
}
