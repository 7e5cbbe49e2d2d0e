import { moment } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children; a function as value listens to the event of that name, null and false leave an attribute
 * away. Texts are only ever set as text.
 */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same, of an SVG drawing. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets a text only where it is another one: what has not changed is not read out, nor painted, again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute only where it is another one. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A moment, as text and for machines; lines break between day and clock at the most. */
export function when(at) {
  const [day, clock] = moment(at).split(" ");
  return el("time", { datetime: new Date(at).toISOString() }, el("span", {}, day), " ", el("span", {}, clock));
}

/** A table with headers; `columns`: { title, number?, of(row) }, `caption` names it. */
export function table(caption, columns, rows, { empty = "Nothing." } = {}) {
  const cell = (column, row) => el("td", { class: column.number ? "number" : null }, column.of(row) ?? "");
  const first = ([head, ...others], row) => [
    el("th", { scope: "row", class: head.number ? "number" : null }, head.of(row) ?? ""),
    ...others.map((column) => cell(column, row)),
  ];
  const head = columns.map(({ title, number }) => el("th", { scope: "col", class: number ? "number" : null }, title));
  const body = rows.map((row) => el("tr", {}, first(columns, row)));
  const none = el("tr", {}, el("td", { colspan: columns.length, class: "muted" }, empty));
  // It scrolls by itself, by keyboard as well, where it is wider than the screen.
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, head)),
      el("tbody", {}, body.length > 0 ? body : none),
    ),
  );
}
