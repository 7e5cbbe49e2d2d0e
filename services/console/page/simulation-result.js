import { el, table } from "./elements.js";
import { count, moment, percent } from "./format.js";

/** What a simulation found, as `sluice simulate --json` has it: a table against the catalog at work, and what it cannot know. */
export function simulationResult(found) {
  const { recorded, atWork, changed, from, until, ended, leftOut, unreadable, networkSources, notKnown } = found;
  if (recorded.messages === 0)
    return [el("p", {}, "No message was decided in this time: there is nothing to compare.")];
  const columns = [{ name: "as it was", ...recorded }, atWork, changed].filter((column) => column !== null);
  const rows = [...traffic(columns), ...costs(columns), delivered(columns), ...perDelivered(columns)];
  const networks = Object.entries(networkSources).map(([source, messages]) => `${source} ${count(messages)}`);
  const notes = [
    ended.ended === 0
      ? "Nothing has ended yet, so every message counts as delivered."
      : `Expected delivered: by ${count(ended.ended)} messages that ended, ${percent(ended.delivered / ended.ended)} of them delivered.`,
    `Networks known by: ${networks.join(", ")}.`,
    ...(leftOut === 0 ? [] : [`There are too many events: ${count(leftOut)} older ones of this time were not read.`]),
    ...(unreadable === 0 ? [] : [`${count(unreadable)} events could not be read.`]),
  ];
  return [
    el("p", {}, `${count(recorded.messages)} messages, decided from ${moment(from)} to ${moment(until)}.`),
    table(
      "The simulation's result",
      [
        { title: "Figure", of: ({ name }) => name },
        ...columns.map(({ name }, index) => ({ title: name, number: true, of: ({ cells }) => cells[index] })),
        { title: "difference", number: true, of: ({ difference }) => difference },
      ],
      rows,
    ),
    el("p", { class: "muted" }, notes.join(" ")),
    el("h3", {}, "What this cannot know"),
    el(
      "ul",
      { class: "muted" },
      notKnown.map((line) => el("li", {}, line)),
    ),
  ];
}

/** A row: each column's value in words, and by how much the changed catalog's is another than the one at work's. */
function row(name, columns, value, text) {
  const values = columns.map(value);
  const [base, changed] = values.slice(-2);
  return {
    name,
    cells: values.map((one, index) => text(one, columns[index])),
    difference: signed(changed - base, text),
  };
}

function traffic(columns) {
  const keys = (of) => [...new Set(columns.flatMap((column) => Object.keys(of(column))))].sort();
  const share = (messages, column) =>
    column === undefined ? count(messages) : `${count(messages)} (${percent(messages / Math.max(1, column.messages))})`;
  return [
    ...keys(({ providers }) => providers).map((id) =>
      row(id, columns, ({ providers }) => providers[id]?.messages ?? 0, share),
    ),
    ...keys(({ notCarried }) => notCarried).map((reason) =>
      row(
        `not carried: ${reason}`,
        columns,
        ({ notCarried }) => notCarried[reason] ?? 0,
        (messages) => count(messages),
      ),
    ),
  ];
}

function costs(columns) {
  const units = [...new Set(columns.flatMap((column) => Object.keys(column.costs)))].sort();
  const amount = (value) => value.toFixed(Math.abs(value) < 1_000 ? 4 : 2);
  const rows = units.map((unit) => row(`cost, ${unit}`, columns, (column) => column.costs[unit] ?? 0, amount));
  const currency = totalsIn(columns);
  if (units.length < 2 || currency === undefined) return rows;
  return [...rows, row(`cost in ${currency}`, columns, ({ total }) => total.amount, amount)];
}

function delivered(columns) {
  const words = (value) => count(Math.round(value));
  return row("expected delivered", columns, ({ expectedDelivered }) => expectedDelivered, words);
}

function perDelivered(columns) {
  const currency = totalsIn(columns);
  if (currency === undefined) return [];
  const each = ({ total, expectedDelivered }) => (expectedDelivered > 0 ? total.amount / expectedDelivered : 0);
  return [row(`${currency} a delivered message`, columns, each, (value) => value.toFixed(5))];
}

/** The currency that all costs can be told in; undefined where a rate is missing. */
function totalsIn([{ total: first }, ...others]) {
  return first !== null && others.every(({ total }) => total?.currency === first.currency) ? first.currency : undefined;
}

function signed(value, text) {
  const [shown, none] = [text(Math.abs(value)), text(0)];
  if (shown === none) return none;
  return `${value > 0 ? "+" : "−"}${shown}`;
}
