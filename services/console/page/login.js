import { el } from "./elements.js";
import { ask } from "./server.js";

/** Shows the form of name and password, until somebody is let in. @returns the person */
export function login(main, message = "") {
  return new Promise((resolve) => {
    const trouble = el("p", { class: "trouble", role: "alert" }, message);
    const name = el("input", { id: "name", name: "name", autocomplete: "username", required: true, maxlength: 64 });
    const password = el("input", {
      id: "password",
      name: "password",
      type: "password",
      autocomplete: "current-password",
      required: true,
      maxlength: 1024,
    });
    const button = el("button", { type: "submit" }, "Log in");
    const submit = async (event) => {
      event.preventDefault();
      button.disabled = true;
      trouble.textContent = "";
      try {
        resolve(await ask("/api/login", { body: { name: name.value, password: password.value } }));
      } catch (error) {
        trouble.textContent = error.message;
        password.value = "";
        password.focus();
      } finally {
        button.disabled = false;
      }
    };
    main.replaceChildren(
      el(
        "form",
        { class: "card login", submit },
        el("h1", {}, "Log in"),
        el("label", { for: "name" }, "Name"),
        name,
        el("label", { for: "password" }, "Password"),
        password,
        trouble,
        button,
        el("p", { class: "muted" }, "On your own machine, make up prints an address that logs you in, once."),
      ),
    );
    name.focus();
  });
}

/** Logs in by the token in the address, where there is one, and takes it out of the address. @returns the person, if it was right */
export async function loginByAddress() {
  const token = /^#login=([\w-]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return undefined;
  history.replaceState(null, "", "/#/overview");
  return ask("/api/login", { body: { token } });
}
