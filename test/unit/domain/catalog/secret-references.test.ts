import { expect, it } from "vitest";
import { concealed, revealFor, secretPlaces, withSecrets } from "../../../../domain/catalog/secret-references.ts";

const catalog = {
  providers: [
    { id: "a", smpp: { password: { file: "/run/secrets/a" } } },
    { id: "b", http: { authToken: { env: "B_TOKEN" }, sharedKeySecret: "written" } },
    { id: "c", smpp: { password: { file: "" } } },
  ],
};

it("finds every secret, and where it is named", () => {
  expect(secretPlaces(catalog).map(({ keys, reference }) => [keys.join("."), reference])).toEqual([
    ["providers.0.smpp.password", { file: "/run/secrets/a" }],
    ["providers.1.http.authToken", { env: "B_TOKEN" }],
    ["providers.1.http.sharedKeySecret", undefined],
    ["providers.2.smpp.password", undefined],
  ]);
});

it("puts secrets in their places, and leaves the catalog that was given as it is", () => {
  const before = structuredClone(catalog);
  const read = withSecrets(catalog, (reference) => ("file" in reference ? "f" : "e"));
  expect(read).toMatchObject({
    ok: true,
    value: { providers: [{ smpp: { password: "f" } }, { http: { authToken: "e" } }, {}] },
  });
  expect(catalog).toEqual(before);
  expect(withSecrets(catalog, concealed)).toMatchObject({
    ok: true,
    value: { providers: [{ smpp: { password: "-" } }, {}, {}] },
  });
});

it("says which secret is not there, and why", () => {
  const read = withSecrets(catalog, (reference) => {
    if ("env" in reference) throw new Error("the environment variable B_TOKEN is not set");
    return "f";
  });
  expect(read).toEqual({
    ok: false,
    problems: [
      {
        path: "providers[1].http.authToken",
        keys: ["providers", 1, "http", "authToken"],
        message: "the environment variable B_TOKEN is not set",
      },
    ],
  });
});

it("the secrets of accounts' webhooks are named like others, and revealed to those alone who sign and check", () => {
  const input = { accounts: [{ id: "a", consentWebhook: { secret: { file: "/s" } } }, { id: "b" }], ...catalog };
  expect(secretPlaces(input).at(-1)).toEqual({
    keys: ["accounts", 0, "consentWebhook", "secret"],
    reference: { file: "/s" },
  });
  const callbacks = { secrets: [{ file: "/new" }, { env: "OLD" }, "written out"] };
  expect(secretPlaces({ accounts: [{ id: "c", callbacks }] })).toEqual([
    { keys: ["accounts", 0, "callbacks", "secrets", 0], reference: { file: "/new" } },
    { keys: ["accounts", 0, "callbacks", "secrets", 1], reference: { env: "OLD" } },
    { keys: ["accounts", 0, "callbacks", "secrets", 2], reference: undefined },
  ]);
  const secretFor = (...owners: Parameters<typeof revealFor>[0]) => {
    const read = withSecrets(
      input,
      revealFor(owners, () => "geheim"),
    );
    return read.ok ? read.value : undefined;
  };
  const hidden = { accounts: [{ consentWebhook: { secret: "-" } }, {}] };
  expect(secretFor("accounts")).toMatchObject({ accounts: [{ consentWebhook: { secret: "geheim" } }, {}] });
  expect(secretFor("accounts")).toMatchObject({ providers: [{ smpp: { password: "-" } }, {}, {}] });
  expect(secretFor("providers")).toMatchObject(hidden);
  expect(secretFor()).toMatchObject(hidden);
});
