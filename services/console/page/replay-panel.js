import { confirm } from "./confirm.js";
import { el, setText, table } from "./elements.js";
import { followRun } from "./follow-run.js";
import { count, moment } from "./format.js";
import { keepingPlace } from "./keep-place.js";
import { ask } from "./server.js";

const PATH = "/api/dead-letters/replay";

/** Puts dead letters back: first what would become of them is looked at, then that is confirmed. `filter()`: which letters. */
export function replayPanel(filter) {
  const number = (id, value, max) => el("input", { id, type: "number", min: 1, max, value, required: true });
  const most = number("most", 100, 1_000);
  const rate = number("rate", 20, 100);
  const asNew = el("input", { id: "as-new", type: "checkbox" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const state = el("p", { class: "outcome", role: "status", tabindex: "-1" });
  const place = el("div");
  const lost = el("p", { class: "trouble", role: "alert" });
  let shown = "";
  const guarded = (work) => async (event) => {
    event?.preventDefault();
    trouble.textContent = "";
    try {
      await work();
    } catch (error) {
      trouble.textContent = error.message;
    }
  };
  const look = guarded(async () => {
    const body = { ...filter(), most: Number(most.value), asNew: asNew.checked };
    following.take((await ask(`${PATH}/plan`, { body })).run);
  });
  const replay = (run) =>
    guarded(async () => {
      const body = [
        el(
          "p",
          {},
          run.replayed === 1
            ? "1 record goes back to its topic."
            : `${count(run.replayed)} records go back to their topics, at most ${rate.value} a second.`,
        ),
        el("p", { class: "muted" }, "What goes is judged once more before. Nothing goes that would double a message."),
      ];
      const said = await confirm({ title: "Replay dead letters", act: `Replay ${count(run.replayed)}`, body });
      if (said !== undefined)
        following.take((await ask(PATH, { body: { run: run.run, rate: Number(rate.value) } })).run);
    });
  const stop = guarded(async () => following.take((await ask(`${PATH}/stop`, { body: {} })).run));
  const render = (run) => {
    const key = JSON.stringify(run);
    if (key === shown) return;
    shown = key;
    if (run === null) return;
    setText(state, inWords(run));
    // A button that goes takes the focus with it: then that is at what came of it.
    keepingPlace(place, () => place.replaceChildren(...runElements(run, { replay: replay(run), stop })), state);
  };
  const following = followRun({
    look: async () => (await ask(`${PATH}/run`)).run,
    show: render,
    lost: (words) => setText(lost, words),
  });
  following.look();
  const field = (id, text, input) => el("span", { class: "field" }, el("label", { for: id }, text), input);
  return {
    element: el(
      "section",
      { class: "card" },
      el("h2", {}, "Replay"),
      el(
        "form",
        { class: "fields", submit: look },
        field("most", "At most", most),
        field("rate", "A second", rate),
        el("span", { class: "check" }, asNew, el("label", { for: "as-new" }, "as new messages")),
        el("button", { type: "submit" }, "See what would happen"),
      ),
      el("p", { class: "muted" }, "Takes the letters that the filters above let through, the oldest first."),
      trouble,
      lost,
      state,
      place,
    ),
    close: following.close,
  };
}

/** Changes when a run begins and ends, so that it is read out then and not each second. */
function inWords({ dry, by, startedAt, state }) {
  return `${dry ? "Dry run" : "Replay"} by ${by}, ${moment(startedAt, { date: false })}: ${state}.`;
}

function runElements(run, { replay, stop }) {
  const { dry, state, replayed, refused, letters, leftOut, lines, failure } = run;
  const goes = `${count(replayed)} ${dry ? "would be replayed" : "replayed"}`;
  const no = Object.entries(refused).map(([code, of]) => `${count(of)} refused: ${code}`);
  const left = leftOut > 0 ? [`${count(leftOut)} not looked at`] : [];
  const words = [goes, ...no, ...left].join(" · ");
  return [
    el("p", { class: "counts" }, letters === 0 && state === "done" ? "No letter matches." : words),
    failure === null ? null : el("p", { class: "trouble" }, failure),
    el(
      "div",
      { class: "actions" },
      dry && state === "done" && replayed > 0
        ? el("button", { type: "button", click: replay }, `Replay ${count(replayed)}…`)
        : null,
      state === "running" ? el("button", { type: "button", class: "small", click: stop }, "Stop") : null,
    ),
    lines.length === 0
      ? null
      : el(
          "details",
          { "data-place": "letters" },
          el("summary", {}, lines.length === 1 ? "The letter" : `The first ${lines.length} letters`),
          table(
            "Letters of the run",
            [
              { title: "Letter", of: ({ letter }) => letter },
              { title: "Reason", of: ({ reason }) => reason },
              { title: "Topic", of: ({ topic }) => topic },
              { title: "Verdict", of: ({ verdict }) => verdict },
              { title: "Why", of: ({ why }) => why },
            ],
            lines,
          ),
        ),
  ].filter((one) => one !== null);
}
