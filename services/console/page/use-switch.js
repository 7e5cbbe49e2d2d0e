import { changeCatalog } from "./change-catalog.js";
import { el } from "./elements.js";

/** What a provider can be used for: what the button says, and what follows from it. */
const USES = {
  normal: { act: "Use again", what: "It gets messages again, as its routes say." },
  drain: { act: "Drain", what: "Nothing new goes to it; what waits for it is sent. Its receipts are taken." },
  none: {
    act: "Take out of use",
    what: "It submits nothing more, and what waits for it goes to the other providers of its routes. Its receipts are taken.",
  },
};

/** Buttons that take a provider out of use and back: each asks first, with what would change. */
export function useSwitch(provider) {
  const trouble = el("p", { class: "trouble", role: "alert" });
  const change = (use) =>
    changeCatalog(
      {
        title: `${USES[use].act}: ${provider}`,
        what: USES[use].what,
        path: "/api/providers/use",
        change: { provider, use },
        act: USES[use].act,
      },
      trouble,
    );
  const buttons = Object.entries(USES).map(([use, { act }]) => {
    const label = `${act}: ${provider}`;
    return {
      use,
      button: el("button", { type: "button", class: "small", "aria-label": label, click: () => change(use) }, act),
    };
  });
  return {
    element: el(
      "div",
      { class: "actions" },
      buttons.map(({ button }) => button),
      trouble,
    ),
    update(now) {
      const left = buttons.find(({ use, button }) => use === now && button === document.activeElement);
      for (const { use, button } of buttons) button.hidden = use === now;
      // The button that was pressed goes: the next one has the focus, not the top of the page.
      if (left !== undefined) buttons.find(({ button }) => !button.hidden).button.focus();
    },
  };
}
