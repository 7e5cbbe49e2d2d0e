import { asked } from "../asked.js";
import { changeCatalog, diffList } from "../change-catalog.js";
import { compareVersions } from "../compare-versions.js";
import { el } from "../elements.js";
import { moment } from "../format.js";

/** The catalog's last versions, what each changed, and the way back to one. */
export function show(container, { person }) {
  const done = el("p", { class: "trouble", role: "alert" });
  const rollBack = async (version) => {
    await changeCatalog(
      {
        title: `Roll back to version ${version}`,
        what: `The content of version ${version} becomes the newest version; the ones between stay in the history.`,
        path: "/api/catalog/rollback",
        change: { restores: version },
        act: "Roll back",
      },
      done,
    );
    history.load();
  };
  const compare = compareVersions();
  const mayRollBack = person.role === "admin";
  const history = asked(
    () => "/api/history",
    (body, answer) => {
      compare.offer(answer.versions);
      render(body, answer, mayRollBack ? rollBack : undefined);
    },
    { everyMs: 15_000 },
  );
  container.append(el("h1", {}, "Catalog"), done, compare.element, history.element);
  return () => history.close();
}

function render(body, { working, versions }, rollBack) {
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
  body.replaceChildren(...versions.map((one, index) => versionCard(one, working, index === 0, rollBack)));
}

function versionCard({ version, at, by, note, restored, diff }, working, open, rollBack) {
  const lines =
    diff === null
      ? ["the first that is kept: there is none before it to compare with"]
      : diff.length === 0
        ? ["says the same as the one before"]
        : diff;
  return el(
    "section",
    { class: "card", "data-place": `version ${version}` },
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
      diffList(lines),
    ),
    open || rollBack === undefined
      ? null
      : el(
          "div",
          { class: "actions" },
          el(
            "button",
            {
              type: "button",
              class: "small",
              click: () => rollBack(version),
            },
            `Roll back to version ${version}…`,
          ),
        ),
  );
}
