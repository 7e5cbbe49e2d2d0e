import { CONDITIONS, verdictOf } from "../conditions.js";
import { el, setAttribute, setText } from "../elements.js";
import { count, millis, percent, rate } from "../format.js";
import { pipelineDrawing } from "../pipeline-drawing.js";
import { sparkline } from "../sparkline.js";

/** Points of the small curves: one a second. */
const POINTS = 180;

/** What goes on at this moment. */
export function show(container, { live }) {
  const state = el("p", { class: "verdict" });
  const tiles = makeTiles();
  const drawing = pipelineDrawing();
  const rows = new ProviderRows();
  const processes = el("ul", { class: "chips" });
  const catalog = el("p", { class: "muted" });
  const answered = el("p", { class: "muted" });
  container.append(
    el("h1", { class: "unseen" }, "Overview"),
    state,
    el(
      "div",
      { class: "tiles" },
      Object.values(tiles).map(({ element }) => element),
    ),
    el("section", { class: "card", "aria-label": "The pipeline" }, drawing.element),
    el("section", { class: "card" }, el("h2", {}, "Providers"), rows.element),
    el("section", { class: "card" }, el("h2", {}, "Processes"), catalog, processes, answered),
  );
  const stop = live.listen((overview) => {
    if (overview === undefined) return;
    const { tone, text } = verdictOf(overview);
    setAttribute(state, "data-tone", tone);
    setText(state, text);
    fillTiles(tiles, overview);
    drawing.update(overview);
    rows.update(overview.providers);
    fillProcesses(processes, catalog, overview.catalog);
    fillAnswers(answered, overview.answers);
  });
  return () => {
    stop();
    drawing.close();
  };
}

function makeTiles() {
  const tile = (title, unit, withCurve) => {
    const figure = el("span", { class: "figure" }, "–");
    const below = el("span", { class: "below" });
    const curve = withCurve ? sparkline() : undefined;
    const head = el("span", { class: "title" }, title);
    const main = el("span", { class: "line" }, figure, el("span", { class: "unit" }, unit));
    return { element: el("div", { class: "tile" }, head, main, curve?.element, below), figure, below, curve };
  };
  return {
    accepted: tile("Coming in", "messages/s", true),
    submitted: tile("Going out", "segments/s", true),
    waiting: tile("Waiting", "messages", false),
    delivered: tile("Delivered", "", false),
    submit: tile("Accepted to submitted", "median", false),
    receipt: tile("Submitted to receipt", "median", false),
  };
}

function fillTiles(tiles, { accepted, submitted, lanes, retries, providers, stages, events }) {
  const set = ({ figure, below }, main, sub) => {
    setText(figure, main);
    setText(below, sub);
  };
  const unrouted = Object.values(lanes).reduce((sum, { waiting }) => sum + waiting, 0);
  const again = Object.values(retries).reduce((sum, one) => sum + one, 0);
  const queued = providers.reduce((sum, { backlog }) => sum + backlog, 0);
  set(tiles.accepted, rate(accepted.perSecond), "last 3 minutes");
  tiles.accepted.curve.update(accepted.recent, POINTS);
  set(tiles.submitted, rate(submitted.perSecond), "last 3 minutes");
  tiles.submitted.curve.update(submitted.recent, POINTS);
  set(
    tiles.waiting,
    count(unrouted + again + queued),
    `${count(unrouted)} to route, ${count(again)} again, ${count(queued)} at providers`,
  );
  if (stages === null) return;
  const ended = Object.values(stages.ended).reduce((sum, one) => sum + one, 0);
  const share = ended === 0 ? "–" : percent(stages.ended.delivered / ended);
  set(tiles.delivered, share, `of ${count(ended)} that ended in ${stages.minutes} minutes`);
  set(tiles.submit, millis(stages.submitMs?.p50), `95 of 100 within ${millis(stages.submitMs?.p95)}`);
  const behind = events.waiting > 20_000 ? `; ClickHouse is ${count(events.waiting)} behind` : "";
  set(tiles.receipt, millis(stages.receiptMs?.p50), `95 of 100 within ${millis(stages.receiptMs?.p95)}${behind}`);
}

/** The table of providers, a row each that is filled anew: rows stay where they are while one reads them. */
class ProviderRows {
  #rows = new Map();
  #body = el("tbody");
  element;

  constructor() {
    const heads = ["Provider", "State", "Rate used", "Window", "Waiting", "Today", "Why"];
    const numbers = new Set(["Waiting", "Today"]);
    this.element = el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Providers" },
      el(
        "table",
        {},
        el("caption", { class: "unseen" }, "Providers, as their senders say each second"),
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            heads.map((head) => el("th", { scope: "col", class: numbers.has(head) ? "number" : null }, head)),
          ),
        ),
        this.#body,
      ),
    );
  }

  update(providers) {
    const ids = new Set(providers.map(({ id }) => id));
    for (const [id, { row }] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    for (const provider of providers) {
      if (!this.#rows.has(provider.id)) this.#add(provider.id);
      fillRow(this.#rows.get(provider.id), provider);
    }
  }

  #add(id) {
    const cells = {
      state: el("span", { class: "condition" }),
      rate: meter("rate used"),
      window: meter("window used"),
      waiting: el("td", { class: "number" }),
      today: el("td", { class: "number" }),
      why: el("td", { class: "why" }),
    };
    const row = el(
      "tr",
      {},
      el("th", { scope: "row" }, id),
      el("td", {}, cells.state),
      el("td", {}, cells.rate.element),
      el("td", {}, cells.window.element),
      cells.waiting,
      cells.today,
      cells.why,
    );
    this.#body.append(row);
    this.#rows.set(id, { row, cells });
  }
}

function fillRow({ cells }, provider) {
  const {
    condition,
    reason,
    submitting,
    rate: may,
    configuredRate,
    rateReason,
    inFlight,
    window,
    backlog,
    segmentsToday,
  } = provider;
  const { word, sign, tone } = CONDITIONS[condition];
  setAttribute(cells.state, "data-tone", tone);
  setText(cells.state, `${sign} ${word}`);
  cells.rate.set(submitting, may || configuredRate, `${rate(submitting)} of ${rate(may || configuredRate)}/s`);
  cells.window.set(inFlight, window, `${count(inFlight)} of ${count(window)}`);
  setText(cells.waiting, count(backlog));
  setText(cells.today, count(segmentsToday));
  const slowed = rateReason === null ? "" : `${rateReason}: ${rate(may)} of the catalog's ${rate(configuredRate)}/s`;
  setText(cells.why, reason ?? slowed);
}

function meter(label) {
  const bar = el("meter", { min: 0, max: 1, "aria-label": label });
  const text = el("span", {}, "");
  return {
    element: el("span", { class: "meter" }, bar, text),
    set(value, most, words) {
      bar.value = most > 0 ? Math.min(1, value / most) : 0;
      setText(text, words);
    },
  };
}

function fillProcesses(list, line, { version, instances }) {
  setText(
    line,
    version === 0
      ? "The catalog is that of the files: no version has been applied yet."
      : `The catalog is at version ${version}.`,
  );
  const texts = instances.map(({ id, version: own, trouble }) => {
    const behind = own === version ? "" : own === 0 ? " · files" : ` · version ${own}`;
    return {
      text: `${id}${behind}${trouble === null ? "" : ` · ${trouble}`}`,
      tone: trouble !== null || own !== version ? "warn" : "good",
    };
  });
  const key = JSON.stringify(texts);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...texts.map(({ text, tone }) => el("li", { "data-tone": tone }, text)));
}

/** What ClickHouse was spared. */
function fillAnswers(element, { kept, asked }) {
  const all = kept + asked;
  const share = all === 0 ? "" : `, ${percent(kept / all)} of them with what was kept`;
  setText(element, `Answers from ClickHouse to this console's pages: ${count(all)}${share}.`);
}
