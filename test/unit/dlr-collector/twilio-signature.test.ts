import { createHmac } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { startWebhooks, stopWebhooks } from "./webhook-harness.ts";

afterEach(stopWebhooks);

/** As Node's querystring and the provider write a form. */
function encoded(form: Readonly<Record<string, string | readonly string[]>>): string {
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, one] as [string, string]),
  );
  return new URLSearchParams(pairs).toString();
}

const FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8";
const PATH = "/webhooks/twilio/http-c";
const TARGET = `${PATH}?m=018f0000-0000-7000-8000-000000000001&d=491701234567`;
const FORM = { MessageSid: "SM1", MessageStatus: "delivered", To: "+491701234567", From: "Acme" };

/**
 * Signatures made with `getExpectedTwilioSignature` of npm twilio 6.3.1 (PyPI twilio 9.13.0's `compute_signature` gives the
 * same) and the token `token-c`, for the catalog's address beside them: each is accepted for it by the validator of at
 * least one of npm twilio 6.3.1, npm twilio 5.13.1 and PyPI twilio 9.13.0.
 */
const SIGNED: readonly [name: string, catalog: string, target: string, signature: string, form?: object][] = [
  [
    "a port, signed without it",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    TARGET,
    "C0l7wICtKOC3yFbxwcSNelTpSHc=",
  ],
  [
    "a port, signed with it",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    TARGET,
    "RqtnZQGmYFiEAKnvruFM7A9zwdY=",
  ],
  [
    "no port, signed with the scheme's own",
    "https://dlr.example.net/webhooks/twilio/http-c",
    TARGET,
    "MnAM3HVkBlBKJ8DvT+NANFeHUec=",
  ],
  [
    "the scheme's own port written out, signed without it",
    "https://dlr.example.net:443/webhooks/twilio/http-c",
    TARGET,
    "C0l7wICtKOC3yFbxwcSNelTpSHc=",
  ],
  [
    "the scheme's own port written out, signed with it",
    "https://dlr.example.net:443/webhooks/twilio/http-c",
    TARGET,
    "MnAM3HVkBlBKJ8DvT+NANFeHUec=",
  ],
  [
    "http without a port, signed with 80",
    "http://dlr.example.net/webhooks/twilio/http-c",
    TARGET,
    "urxDxCmJ+S5W9bpxjThR59fWGFM=",
  ],
  [
    "a user name, signed along",
    "https://user:p%40ss@dlr.example.net/webhooks/twilio/http-c",
    TARGET,
    "Frl1F9aU3H4NPTl4bF/PdWbHt9A=",
  ],
  [
    "a user name and a port, signed along without the port",
    "https://user:pass@dlr.example.net:8443/webhooks/twilio/http-c",
    TARGET,
    "HGCZP302EinQT1bzsIg4p442gr8=",
  ],
  [
    "a user name, and the scheme's own port",
    "https://user@dlr.example.net/webhooks/twilio/http-c",
    TARGET,
    "BW3mJXlay1INMHMe5KVAtTET+OI=",
  ],
  [
    "capitals in the host, signed as they are",
    "https://DLR.Example.NET/webhooks/twilio/http-c",
    TARGET,
    "BnCE2s3vwrirmdjv67y65lC11JA=",
  ],
  [
    "capitals in the host, signed in small letters",
    "https://DLR.Example.NET:8443/webhooks/twilio/http-c",
    TARGET,
    "C0l7wICtKOC3yFbxwcSNelTpSHc=",
  ],
  [
    "letters beyond ASCII, signed as they are",
    "https://dlr.bücher.example/webhooks/twilio/http-c",
    TARGET,
    "UcS6c8P0YFqY73yLbYtFyJ7SnDw=",
  ],
  [
    "letters beyond ASCII, signed as punycode",
    "https://dlr.bücher.example:8443/webhooks/twilio/http-c",
    TARGET,
    "JbnAjbQv8I1/uXpmaW415tlxbSE=",
  ],
  [
    "an IPv6 address and a port",
    "https://[2001:db8::1]:8443/webhooks/twilio/http-c",
    TARGET,
    "UIxpwFi4Ti9jNh0PFJGItX7lirA=",
  ],
  [
    "a bare question mark, signed along",
    "https://dlr.example.net/webhooks/twilio/http-c",
    "/webhooks/twilio/http-c?",
    "32F+i2jydjFytTv2MLsnlhT11P0=",
  ],
  [
    "a bare question mark, signed without",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    "/webhooks/twilio/http-c?",
    "1EAjwE6O+r/Lo49lMOy35GVDZyQ=",
  ],
  [
    "a slash at the end",
    "https://dlr.example.net:8443/webhooks/twilio/http-c/",
    "/webhooks/twilio/http-c/?m=1",
    "seJl1w1znLlQhoarHubuNiDsew4=",
  ],
  [
    "a query with escapes of its own",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    "/webhooks/twilio/http-c?x=a%2Fb+c%20d&d=%2b49&y=%E2%82%AC&b=2&a=1",
    "euj/ZkBCJ0SFzFatZ+nwuxcOmNQ=",
  ],
  [
    "an apostrophe in the query, signed escaped",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    "/webhooks/twilio/http-c?x=it's",
    "VjkOgtzhYlgnn//lDqxDuMZE5wM=",
  ],
  [
    "an apostrophe in the query, signed as it is",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    "/webhooks/twilio/http-c?x=it's",
    "xE9QfCFUa1ab388Rs0i9O7WKkwY=",
  ],
  [
    "a query as Node's querystring writes it",
    "https://dlr.example.net/webhooks/twilio/http-c",
    "/webhooks/twilio/http-c?x=a%2fb%20c",
    "JS0u5G6wl/fyT19RZovY1BCnJ7I=",
  ],
  [
    "parameters that come again",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    TARGET,
    "+l3HeviSFaI3jpQkqZ5IE+M+X3E=",
    { MessageSid: "SM1", MessageStatus: "delivered", To: "+491701234567", From: "Acme", MediaUrl: ["b", "a", "b"] },
  ],
  [
    "letters beyond ASCII in the form",
    "https://dlr.example.net:8443/webhooks/twilio/http-c",
    TARGET,
    "TPHNTFO0toMqz1GHP/BlsrJrtQ0=",
    { MessageSid: "SM1", MessageStatus: "delivered", To: "+491701234567", From: "Acme", Body: "Grüße 👍 & mehr=1+1" },
  ],
  ["an empty form", "https://dlr.example.net:8443/webhooks/twilio/http-c", TARGET, "xD2zJJy8uu6MENsKqcIOKqSRrcc=", {}],
];

/** The same signer as in those packages, for addresses that none of them accepts. */
function signature(url: string, secret = "token-c", form: Record<string, string> = FORM, hash = "sha1"): string {
  const text = Object.keys(form)
    .sort()
    .reduce((signed, name) => signed + name + form[name], url);
  return createHmac(hash, secret).update(text).digest("base64");
}

describe("X-Twilio-Signature", () => {
  it.each(SIGNED)("is right over %s", async (_, statusCallbackUrl, target, signed, form = FORM) => {
    const { postRaw } = await startWebhooks({ statusCallbackUrl });
    const headers = { "content-type": FORM_TYPE };
    const body = encoded(form as typeof FORM);
    expect(await postRaw(target, { signature: signed, headers, body })).toBe(204);
    expect(await postRaw(`${target}&z=1`, { signature: signed, headers, body })).toBe(403);
    expect(await postRaw(target, { signature: signed, headers, body: `${body}&Z=1` })).toBe(403);
  });

  it("is that of the example in Twilio's documentation", async () => {
    const { postRaw } = await startWebhooks({
      statusCallbackUrl: "https://mycompany.com/myapp.php?foo=1&bar=2",
      http: { authToken: "12345" },
    });
    // The example's path is not ours, but its parameters and order are: signed anew over our path.
    const form = {
      CallSid: "CA1234567890ABCDE",
      Caller: "+12349013030",
      Digits: "1234",
      From: "+12349013030",
      To: "+18005551212",
    };
    expect(signature("https://mycompany.com/myapp.php?foo=1&bar=2", "12345", form)).toBe(
      "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
    );
    const url = `https://mycompany.com${PATH}?foo=1&bar=2`;
    const posting = { headers: { "content-type": FORM_TYPE }, body: encoded(form) };
    expect(await postRaw(`${PATH}?foo=1&bar=2`, { ...posting, signature: signature(url, "12345", form) })).toBe(204);
    expect(await postRaw(`${PATH}?foo=1&bar=2`, { ...posting, signature: signature(url, "12346", form) })).toBe(403);
  });

  const PORT = `https://dlr.example.net:8443${PATH}`;
  it.each([
    ["another host", PORT, `https://dlr.example.org:8443${TARGET}`],
    ["another host without the port", PORT, `https://example.net${TARGET}`],
    ["another port", PORT, `https://dlr.example.net:8444${TARGET}`],
    ["the scheme's own port, where the catalog has another", PORT, `https://dlr.example.net:443${TARGET}`],
    ["another scheme", PORT, `http://dlr.example.net:8443${TARGET}`],
    ["another scheme without the port", PORT, `http://dlr.example.net${TARGET}`],
    [
      "another port, where the catalog has none",
      `https://dlr.example.net${PATH}`,
      `https://dlr.example.net:8443${TARGET}`,
    ],
    ["the other scheme's port", `https://dlr.example.net${PATH}`, `https://dlr.example.net:80${TARGET}`],
    ["another user name", `https://user:pass@dlr.example.net${PATH}`, `https://other:pass@dlr.example.net${TARGET}`],
    ["a user name, where the catalog has none", PORT, `https://user@dlr.example.net:8443${TARGET}`],
    ["another path", PORT, `https://dlr.example.net:8443/webhooks/twilio/http-d?d=491701234567`],
    ["another query", PORT, `https://dlr.example.net:8443${TARGET}0`],
    [
      "the query in another order",
      PORT,
      `https://dlr.example.net:8443${PATH}?d=491701234567&m=018f0000-0000-7000-8000-000000000001`,
    ],
    ["no query", PORT, `https://dlr.example.net:8443${PATH}`],
  ])("is refused over %s", async (_, statusCallbackUrl, url) => {
    const { postRaw, stored, count } = await startWebhooks({ statusCallbackUrl });
    const posting = { headers: { "content-type": FORM_TYPE }, body: encoded(FORM) };
    expect(await postRaw(TARGET, { ...posting, signature: signature(url) })).toBe(403);
    expect(stored).toEqual([]);
    expect(count("forged")).toBe(1);
  });

  it.each(["", "x", "lJQTfhTxO+nOXwXUY41gv/bwKSU=", "ä".repeat(14)])("is refused as %j", async (signed) => {
    const { postRaw } = await startWebhooks();
    const posting = { headers: { "content-type": FORM_TYPE }, body: encoded(FORM) };
    expect(await postRaw(TARGET, { ...posting, signature: Buffer.from(signed).toString("latin1") })).toBe(403);
  });

  it("counts over the whole address in the catalog, where a proxy takes a part of the path away or keeps a fragment back", async () => {
    const posting = { headers: { "content-type": FORM_TYPE }, body: encoded(FORM) };
    const behind = await startWebhooks({ statusCallbackUrl: `https://example.net:8443/sms${PATH}` });
    expect(await behind.postRaw(TARGET, { ...posting, signature: signature(`https://example.net/sms${TARGET}`) })).toBe(
      204,
    );
    expect(
      await behind.postRaw(TARGET, { ...posting, signature: signature(`https://example.net/other${TARGET}`) }),
    ).toBe(403);
    const overrides = await startWebhooks({ statusCallbackUrl: `https://example.net${PATH}#rc=2` });
    for (const end of ["", "#rc=2"])
      expect(
        await overrides.postRaw(TARGET, { ...posting, signature: signature(`https://example.net${TARGET}${end}`) }),
      ).toBe(204);
    const elsewhere = await startWebhooks({ publicUrl: "https://sms.example.com:8443/hooks" });
    for (const port of ["", ":8443"])
      expect(
        await elsewhere.postRaw(TARGET, {
          ...posting,
          signature: signature(`https://sms.example.com${port}/hooks${TARGET}`),
        }),
      ).toBe(204);
  });

  it("of a JSON body is over the address, whose query has the body's hash", async () => {
    const { postRaw, stored } = await startWebhooks({ statusCallbackUrl: `https://dlr.example.net:8443${PATH}` });
    // From npm twilio 6.3.1: getExpectedBodyHash, getExpectedTwilioSignature, and validateRequestWithBody, which accepts both.
    const body = '{"MessageSid":"SM1","MessageStatus":"delivered","To":"+491701234567"}';
    const hash = "e3495d563f58b63da0b145d720a801c228e194743731f38d2407dfc8b66ebde6";
    const target = `${PATH}?d=491701234567&bodySHA256=${hash}`;
    const posting = { signature: "5zdmyQbEeDnwrUiNcBo4uPsgr74=", headers: { "content-type": "application/json" } };
    expect(await postRaw(target, { ...posting, body })).toBe(204);
    expect(stored[0]).toMatchObject({ topic: "sms.receipts", headers: { id: "http-c/SM1/delivered" } });
    expect(await postRaw(target, { ...posting, body: body.replace("delivered", "failed") })).toBe(403);
    // Without the hash nothing vouches for the body, be the address signed or not.
    const bare = { ...posting, signature: signature(`https://dlr.example.net${TARGET}`, "token-c", {}) };
    expect(await postRaw(TARGET, { ...bare, body })).toBe(403);
    expect(await postRaw(TARGET, { ...bare, body, headers: { "content-type": "text/plain" } })).toBe(403);
    expect(stored).toHaveLength(1);
  });

  it("is made with the key that the request names, where the account has one for callbacks", async () => {
    // From npm twilio 6.3.1: getExpectedTwilioSignature with HMAC_SHA256, for the secret "shared-secret".
    const signed = "lJQTfhTxO+nOXwXUY41gv/bwKSU/a71my8xkgq1aFPM=";
    const statusCallbackUrl = `https://dlr.example.net:8443${PATH}`;
    const { postRaw } = await startWebhooks({ statusCallbackUrl, http: { sharedKeySecret: "shared-secret" } });
    const settings = "x-twilio-webhooks-signature-settings";
    const post = (algorithm: string | undefined, value: string) =>
      postRaw(TARGET, {
        signature: value,
        headers: {
          "content-type": FORM_TYPE,
          ...(algorithm === undefined ? {} : { [settings]: `key=k, ${algorithm}` }),
        },
        body: encoded(FORM),
      });
    const url = `https://dlr.example.net${TARGET}`;
    expect(await post("algorithm=HMAC_SHA256", signed)).toBe(204);
    expect(await post("algorithm=HMAC_SHA1", signature(url, "shared-secret"))).toBe(204);
    expect(await post("algorithm=HMAC_SHA1", signature(url))).toBe(403);
    expect(await post("algorithm=HMAC_MD5", signed)).toBe(403);
    expect(await post(undefined, signature(url))).toBe(204);
    expect(await post(undefined, signed)).toBe(403);
  });
});
