import { el } from "./elements.js";
import { Live } from "./live.js";
import { login, loginByAddress } from "./login.js";
import { ask } from "./server.js";
import { tellChanges } from "./tell-changes.js";
import { themeSwitch } from "./theme-switch.js";

/** The views, in the order of the bar; each is loaded when it is looked at for the first time. */
const VIEWS = [
  { id: "overview", title: "Overview", load: () => import("./views/overview.js") },
  { id: "providers", title: "Providers", load: () => import("./views/providers.js") },
  { id: "routes", title: "Routes", load: () => import("./views/routes.js") },
  { id: "messages", title: "Messages", load: () => import("./views/messages.js") },
  { id: "inbound", title: "Inbound", load: () => import("./views/inbound.js") },
  { id: "alerts", title: "Alerts", load: () => import("./views/alerts.js") },
  { id: "abnormal", title: "Abnormal", load: () => import("./views/abnormal.js") },
  { id: "dead-letters", title: "Dead letters", load: () => import("./views/dead-letters.js") },
  { id: "accounts", title: "Accounts", load: () => import("./views/accounts.js") },
  { id: "campaigns", title: "Campaigns", load: () => import("./views/campaigns.js") },
  { id: "catalog", title: "Catalog", load: () => import("./views/catalog.js") },
];

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const live = new Live();
let person;
let close = () => {};
/** Of the newest navigation: an older one that is still loading gives way. */
let turn = 0;

// As a link it would be an address, and so another view.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
themeSwitch(document.getElementById("theme"));
live.listen((_, link) => {
  const sign = document.getElementById("link");
  const text = person === undefined ? "" : link === "live" ? "live" : "connecting…";
  if (sign.textContent !== text) sign.textContent = text;
  sign.dataset.link = link;
});
live.listen((state) => countAlerts(state?.alerts.firing ?? 0));
live.listen(tellChanges(document.getElementById("news")));
addEventListener("hashchange", () => show());
addEventListener("loggedout", () => {
  if (person !== undefined) enter("Your session has ended. Log in again.");
});
enter();

/** Finds out who is there, or asks; then shows the view of the address. */
async function enter(message) {
  leave();
  let trouble = message;
  try {
    person = await loginByAddress();
  } catch (error) {
    trouble = error.message;
  }
  person ??= await ask("/api/session").catch(() => undefined);
  const asks = person === undefined;
  person ??= await login(main, trouble);
  document
    .getElementById("person")
    .replaceChildren(
      el("span", { class: "who", title: `${person.name}, role: ${person.role}` }, `${person.name} · ${person.role}`),
      el("button", { type: "button", class: "quiet", click: logOut }, "Log out"),
    );
  nav.replaceChildren(...VIEWS.map(({ id, title }) => el("a", { href: `#/${id}` }, title)));
  live.start();
  // Who has filled in the form goes on at the content; whoever has just come begins at the top.
  show({ focus: asks });
}

/** How many alerts fire stands beside the view's name. */
function countAlerts(firing) {
  const link = nav.querySelector('[href="#/alerts"]');
  const text = firing === 0 ? "Alerts" : `Alerts (${firing})`;
  if (link === null || link.textContent === text) return;
  link.textContent = text;
  link.dataset.tone = firing === 0 ? "none" : "bad";
}

function leave() {
  person = undefined;
  turn++;
  close();
  close = () => {};
  live.stop();
  live.state = undefined;
  nav.replaceChildren();
  document.getElementById("person").replaceChildren();
  main.replaceChildren();
}

async function logOut() {
  await ask("/api/logout", { body: {} }).catch(() => {});
  enter("You are logged out.");
}

/** Shows the view that the address names, with what follows it: `#/messages/ID`. */
async function show({ focus = true } = {}) {
  if (person === undefined) return;
  const own = ++turn;
  const [, id = "overview", rest = ""] = /^#\/([a-z-]+)(?:\/(.*))?$/.exec(location.hash) ?? [];
  const view = VIEWS.find((one) => one.id === id) ?? VIEWS[0];
  close();
  close = () => {};
  for (const link of nav.children) {
    if (link.getAttribute("href") === `#/${view.id}`) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else link.removeAttribute("aria-current");
  }
  document.title = `${view.title} · Sluice`;
  try {
    const { show: render } = await view.load();
    if (own !== turn) return;
    const container = el("div", { class: "view" });
    main.replaceChildren(container);
    close = render(container, { live, person, rest: decodeURIComponent(rest) }) ?? (() => {});
  } catch (error) {
    if (own !== turn) return;
    main.replaceChildren(el("p", { class: "trouble", role: "alert" }, `This view cannot be shown: ${error.message}`));
  }
  if (focus) main.focus({ preventScroll: true });
}
