import { confirm } from "./confirm.js";
import { el } from "./elements.js";
import { moment } from "./format.js";
import { ask } from "./server.js";

/** Lines of a difference that are shown. */
const SHOWN = 200;

/** A difference between two catalogs, a line each. */
export function diffList(lines) {
  const tone = (line) => ({ "+": "good", "-": "bad", "~": "warn" })[line[0]] ?? "none";
  return el(
    "ul",
    { class: "diff" },
    lines.slice(0, SHOWN).map((line) => el("li", { "data-tone": tone(line) }, line)),
    lines.length > SHOWN ? el("li", {}, `and ${lines.length - SHOWN} more`) : null,
  );
}

/**
 * Asks what a change of the catalog would do, shows it, and carries it out when that is confirmed. `trouble`: where it is told what
 * came of it. @returns the new version's number, or undefined
 */
export async function changeCatalog({ title, what, path, change, act }, trouble) {
  trouble.className = "trouble";
  trouble.textContent = "";
  try {
    const plan = await ask(`${path}/plan`, { body: change });
    const said = await confirm({ title, act, body: planned(plan, what), note: true });
    if (said === undefined) return undefined;
    const { version } = await ask(path, { body: { ...change, version: plan.version, note: said.note } });
    trouble.className = "done";
    trouble.textContent = `Version ${version} of the catalog, ${moment(Date.now(), { date: false })}: every process takes it over within a second.`;
    return version;
  } catch (error) {
    trouble.textContent = error.message;
    return undefined;
  }
}

function planned({ version, diff, idleRoutes }, what) {
  return [
    el("p", {}, what),
    version === 0
      ? el(
          "p",
          { class: "note", "data-tone": "warn" },
          "Nothing has been applied yet: this publishes all that the console's own files hold, with the change below. From then on all services work with it, not with their files.",
        )
      : el("p", { class: "muted" }, `Different from version ${version}:`),
    diffList(diff),
    idleRoutes.length === 0
      ? null
      : el(
          "p",
          { class: "note", "data-tone": "warn" },
          `Nobody is left for ${idleRoutes.length === 1 ? "the route" : "the routes"} ${idleRoutes.join(", ")}: their messages wait until a provider is used again, or their validity is over.`,
        ),
  ];
}
