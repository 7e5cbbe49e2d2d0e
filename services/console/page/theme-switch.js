const NEXT = { system: "light", light: "dark", dark: "system" };
const SIGN = { system: "◐", light: "☀", dark: "☾" };

/** Makes a button that goes through the system's preference, light and dark, and remembers which. */
export function themeSwitch(button) {
  const show = () => {
    const theme = document.documentElement.dataset.theme ?? "system";
    button.textContent = SIGN[theme];
    button.setAttribute("aria-label", `Colours: ${theme}. Change to ${NEXT[theme]}`);
    button.title = `Colours: ${theme}`;
  };
  button.addEventListener("click", () => {
    const next = NEXT[document.documentElement.dataset.theme ?? "system"];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // It holds until the page is closed.
    }
    show();
    dispatchEvent(new Event("themechange"));
  });
  show();
}
