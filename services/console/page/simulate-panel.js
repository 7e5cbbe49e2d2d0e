import { diffList } from "./change-catalog.js";
import { el, setText } from "./elements.js";
import { followRun } from "./follow-run.js";
import { count, moment } from "./format.js";
import { keepingPlace } from "./keep-place.js";
import { ask } from "./server.js";
import { simulationResult } from "./simulation-result.js";

const PATH = "/api/simulation";
const TIMES = { 15: "last 15 minutes", 60: "last hour", 360: "last 6 hours", 1440: "last 24 hours" };

const option = (value, text = value) => el("option", { value }, text);

/** Asks what a changed catalog would have done with the messages of the last hours, and shows what comes of it. */
export function simulatePanel() {
  const fields = changeFields();
  const minutes = el(
    "select",
    { id: "minutes" },
    Object.entries(TIMES).map(([value, text]) => option(value, text)),
  );
  minutes.value = "60";
  const trouble = el("p", { class: "trouble", role: "alert" });
  const state = el("p", { class: "outcome", role: "status" });
  const bar = el("progress", { max: 1, "aria-label": "Share of the events that has been read" });
  const stopButton = el("button", { type: "button", class: "small", click: guarded(stop) }, "Stop");
  const going = el("div", { class: "actions", hidden: true }, bar, stopButton);
  const place = el("div");
  const lost = el("p", { class: "trouble", role: "alert" });
  let shown = "";
  const following = followRun({
    look: async () => (await ask(`${PATH}/run`)).run,
    show: showRun,
    lost: (words) => setText(lost, words),
  });

  function guarded(work) {
    return async (event) => {
      event?.preventDefault();
      trouble.textContent = "";
      try {
        await work();
      } catch (error) {
        trouble.textContent = error.message;
      }
    };
  }
  async function begin() {
    following.take((await ask(PATH, { body: { ...fields.value(), minutes: Number(minutes.value) } })).run);
  }
  async function stop() {
    following.take((await ask(`${PATH}/stop`, { body: {} })).run);
  }
  function showRun(run) {
    if (run === null) {
      // The console that knew of it has begun anew.
      going.hidden = true;
      return;
    }
    setText(state, inWords(run));
    // The button that has the focus goes: who pressed it goes on at what came of it.
    if (run.state !== "running" && going.contains(document.activeElement)) state.focus();
    going.hidden = run.state !== "running";
    bar.value = run.share;
    const key = `${run.run} ${run.state}`;
    if (key !== shown) {
      shown = key;
      keepingPlace(place, () => place.replaceChildren(...result(run)));
    }
  }

  state.tabIndex = -1;
  following.look();
  guarded(fields.load)();
  return {
    element: el(
      "section",
      { class: "card", "aria-labelledby": "simulate-title" },
      el("h2", { id: "simulate-title" }, "What would a changed catalog have done?"),
      el(
        "p",
        { class: "muted" },
        "Decides the messages of a time once more, by the changed catalog and by the one at work. It sends and changes nothing.",
      ),
      el(
        "form",
        { submit: guarded(begin) },
        el(
          "div",
          { class: "fields" },
          field("change", "Change", fields.kind),
          ...fields.choices,
          field("minutes", "Messages of the", minutes),
          el("button", { type: "submit" }, "Simulate"),
        ),
        fields.routes,
      ),
      trouble,
      lost,
      state,
      going,
      place,
    ),
    close: following.close,
  };
}

function field(id, text, input) {
  return el("span", { class: "field" }, el("label", { for: id }, text), input);
}

/** What is changed: a provider left out, other routes, or an earlier version. */
function changeFields() {
  const kinds = { use: "without a provider", routes: "other routes", version: "an earlier version" };
  const kind = el(
    "select",
    { id: "change", change: () => choose() },
    Object.entries(kinds).map(([value, text]) => option(value, text)),
  );
  const provider = el("select", { id: "without" });
  const version = el("select", { id: "restores" });
  const text = el("textarea", { id: "routes-text", rows: 12, spellcheck: "false", class: "id", autocomplete: "off" });
  const parts = {
    use: field("without", "Provider", provider),
    version: field("restores", "Version", version),
    routes: field("routes-text", "Routes, as routes.yaml would have them", text),
  };
  const choose = () => {
    for (const [name, part] of Object.entries(parts)) part.hidden = name !== kind.value;
    // What is not shown is not asked for.
    provider.required = kind.value === "use";
    version.required = kind.value === "version";
    text.required = kind.value === "routes";
  };
  choose();
  const values = {
    use: () => ({ provider: provider.value, use: "none" }),
    routes: () => ({ routes: text.value }),
    version: () => ({ restores: Number(version.value) }),
  };
  return {
    kind,
    choices: [parts.use, parts.version],
    routes: parts.routes,
    value: () => ({ change: kind.value, ...values[kind.value]() }),
    async load() {
      const base = await ask(`${PATH}/base`);
      provider.replaceChildren(...base.providers.map((id) => option(id)));
      version.replaceChildren(...base.versions.map((one) => option(one, `version ${one}`)));
      text.value = base.routes;
      for (const one of kind.options) if (one.value === "version") one.disabled = base.versions.length === 0;
    },
  };
}

function inWords({ state, by, startedAt, name, failure }) {
  const what = `Simulation (${name}) by ${by}, ${moment(startedAt, { date: false })}`;
  if (state === "failed") return `${what} failed: ${failure}.`;
  return { running: `${what}: reading the events…`, done: `${what}: done.`, stopped: `${what}: stopped.` }[state];
}

function result({ state, diff, result: found }) {
  const changes = diff.length === 1 ? "1 line is different" : `${count(diff.length)} lines are different`;
  return [
    el("details", { "data-place": "changes" }, el("summary", {}, changes), diffList(diff)),
    ...(state === "done" ? simulationResult(found) : []),
  ];
}
