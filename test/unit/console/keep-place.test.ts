import { beforeEach, expect, test } from "vitest";
import { openDocument, type PageElement } from "./page-document.ts";

const { el } = await import(new URL("../../../services/console/page/elements.js", import.meta.url).href);
const { keepingPlace } = await import(new URL("../../../services/console/page/keep-place.js", import.meta.url).href);

let page: ReturnType<typeof openDocument>;
let body: PageElement;
beforeEach(() => {
  page = openDocument();
  body = el("div");
  page.body.append(body);
});

/** Rows with a button each that is called the same, and what can be opened. */
const rows = (...names: string[]) =>
  el(
    "div",
    { class: "scroll", tabindex: "0", "aria-label": "Providers" },
    el(
      "table",
      {},
      names.map((name) =>
        el(
          "tr",
          {},
          el("th", {}, name),
          el("td", {}, el("button", {}, "Drain")),
          el("td", {}, el("details", {}, el("summary", {}, "Why"))),
        ),
      ),
    ),
  );
const render = (...names: string[]) => keepingPlace(body, () => body.replaceChildren(rows(...names)));
const rowOf = (name: string) =>
  body.querySelectorAll("tr").find((row) => row.querySelector("th")!.textContent === name)!;
const buttonOf = (name: string) => rowOf(name).querySelector("button")!;

test("the focus, what is open and how far a table is scrolled stay with their row, wherever that comes to stand", () => {
  render("a", "b", "c");
  buttonOf("b").focus();
  rowOf("c").querySelector("details")!.open = true;
  body.querySelector(".scroll")!.scrollLeft = 40;
  render("new", "a", "b", "c");
  expect(page.activeElement).toBe(buttonOf("b"));
  expect(["new", "a", "b", "c"].map((name) => rowOf(name).querySelector("details")!.open)).toEqual([
    ...[false, false, false, true],
  ]);
  expect(body.querySelector(".scroll")!.scrollLeft).toBe(40);
  rowOf("c").querySelector("summary")!.focus();
  render("c");
  expect(page.activeElement).toBe(rowOf("c").querySelector("summary"));
});

test("no other row's button gets the focus of one that has gone, nor does one that cannot be used", () => {
  render("a", "b");
  buttonOf("b").focus();
  render("a");
  expect(page.activeElement).toBe(body);
  render("a", "b");
  expect(page.activeElement).toBe(body);
  buttonOf("a").focus();
  const outcome = el("p");
  page.body.append(outcome);
  const disabled = rows("a");
  disabled.querySelector("button").disabled = true;
  keepingPlace(body, () => body.replaceChildren(disabled), outcome);
  expect(page.activeElement).toBe(outcome);
});

test("who is elsewhere stays there, and what is named stays open though its words change", () => {
  const letters = (count: number) =>
    el("details", { "data-place": "letters" }, el("summary", {}, `The first ${count} letters`));
  keepingPlace(body, () => body.replaceChildren(letters(1)));
  body.querySelector("details")!.open = true;
  const elsewhere = el("button");
  page.body.append(elsewhere);
  elsewhere.focus();
  keepingPlace(body, () => body.replaceChildren(el("details", {}, el("summary", {}, "Another")), letters(2)));
  expect(body.querySelectorAll("details").map(({ open }) => open)).toEqual([false, true]);
  expect(page.activeElement).toBe(elsewhere);
});
