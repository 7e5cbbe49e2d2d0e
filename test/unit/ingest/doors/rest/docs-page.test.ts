import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiDocument } from "../../../../../services/ingest/doors/rest/docs/api-document.ts";
import { exampleCall } from "../../../../../services/ingest/doors/rest/docs/example-call.ts";
import { html } from "../../../../../services/ingest/doors/rest/docs/html.ts";
import { openapi } from "../../../../../services/ingest/doors/rest/openapi.ts";
import { exampleBodies } from "../../../../../services/ingest/doors/rest/openapi-examples.ts";
import { schemas } from "../../../../../services/ingest/doors/rest/openapi-schemas.ts";
import { restApp } from "../../../../../services/ingest/doors/rest/rest-app.ts";
import { call, type Harness, startIngest } from "../../ingest-harness.ts";
import { mismatches } from "./schema-match.ts";

const document = openapi as unknown as ApiDocument;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

let ingest: Harness;
let page: string;
beforeAll(async () => {
  ingest = await startIngest();
  page = (await ingest.call("/docs", { key: undefined })).text;
});
afterAll(() => ingest.close());

describe("the OpenAPI document", () => {
  it("is valid by the schema of OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openapi) as never);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect((await new Validator().validate({ ...structuredClone(openapi), info: {} } as never)).valid).toBe(false);
  });

  it("has each operation under a name of its own", () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it("has every route that is served under /v1, and no other", () => {
    const { stack } = restApp(ingest.context).router as unknown as {
      stack: { route?: { path: string; methods: Record<string, boolean> } }[];
    };
    const served = stack.flatMap(({ route }) =>
      Object.keys(route?.methods ?? {})
        .filter((method) => method !== "_all")
        .map((method) => `${method.toUpperCase()} ${route!.path.replaceAll(/:(\w+)/g, "{$1}")}`),
    );
    const described = operations.map(({ path, method }) => `${method} ${path}`);
    expect(served.filter((one) => one.includes(" /v1/")).sort()).toEqual(described.sort());
    expect(served.filter((one) => !one.includes(" /v1/")).sort()).toEqual([
      "GET /",
      "GET /docs",
      "GET /docs.css",
      "GET /openapi.json",
    ]);
  });

  it("has an example of each body that fits its schema", () => {
    for (const [name, example] of Object.entries(exampleBodies))
      expect(mismatches(schemas[name as keyof typeof schemas], example, schemas), name).toEqual([]);
    for (const { operation, path } of operations)
      for (const body of Object.values(operation.requestBody?.content ?? {})) expect(body.example, path).toBeDefined();
  });
});

describe("the page of the API", () => {
  it("shows each operation with its parameters, answers and a call", () => {
    for (const { path, method, operation } of operations) {
      const begin = page.indexOf(`<h2 id="${operation.operationId}">`);
      const section = page.slice(begin, page.indexOf("</section>", begin));
      expect(begin, path).toBeGreaterThan(0);
      for (const part of [method, path, ...Object.keys(operation.responses)]) expect(section).toContain(part);
      for (const { name } of operation.parameters ?? []) expect(section).toContain(`<code>${name}</code>`);
      expect(section).toContain("curl ");
    }
  });

  it("shows every field of every type, and each link in it leads somewhere", () => {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const begin = page.indexOf(`<h3 id="type-${name}">`);
      const article = page.slice(begin, page.indexOf("</article>", begin));
      expect(begin, name).toBeGreaterThan(0);
      for (const field of Object.keys(schema.properties ?? {}))
        expect(article, `${name}.${field}`).toContain(`<code>${field}</code>`);
    }
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/ href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  it("says limits and defaults", () => {
    const begin = page.indexOf('<h3 id="type-Message">');
    const message = page.slice(begin, page.indexOf("</article>", begin));
    for (const said of ["1 to 1,600 characters", "30 to 604,800", "<code>86400</code>", "<code>marketing</code>"])
      expect(message).toContain(said);
  });

  it("loads its style from here, and nothing else; no key is needed", async () => {
    const answer = await call(ingest.server.port, "/docs", { key: undefined });
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.headers["content-security-policy"]).toBe(
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(page).not.toMatch(/<script|style="|<style|https?:\/\//);
    const loaded = [...page.matchAll(/<(?:link|img)[^>]*(?:href|src)="([^"]+)"/g)].map(([, address]) => address);
    expect(loaded).toEqual(["/docs.css"]);
    const style = await call(ingest.server.port, "/docs.css", { key: undefined });
    expect(style.headers["content-type"]).toBe("text/css; charset=utf-8");
    expect(style.text).toContain("color-scheme: light dark");
    expect(style.text).not.toMatch(/@import|url\(/);
  });

  it("escapes what is put in", () => {
    expect(html`<p>${"<b> & \"x\" 'y'"}</p>${[html`<i>`, 1]}${undefined}`.text).toBe(
      "<p>&lt;b&gt; &amp; &quot;x&quot; &#39;y&#39;</p><i>1",
    );
  });
});

it("an example is a call that a shell takes, and the service too", async () => {
  const { operation } = operations.find((one) => one.operation.operationId === "sendMessage")!;
  expect(exampleCall("POST", "/v1/messages", operation).split(" \\\n  ")).toEqual([
    'curl -X POST "$SLUICE_URL/v1/messages"',
    '-H "Authorization: Bearer $SLUICE_KEY"',
    "-H 'Idempotency-Key: order-7'",
    '-H "Content-Type: application/json"',
    `-d '${JSON.stringify(exampleBodies.Message)}'`,
  ]);
  expect((await ingest.call("/v1/messages", { body: exampleBodies.Message })).status).toBe(202);
  expect((await ingest.call("/v1/messages/batch", { body: exampleBodies.Batch })).status).toBe(202);
});

it("OPTIONS says what a path takes, and HEAD is as GET without its body", async () => {
  const options = await ingest.call("/v1/messages", { method: "OPTIONS", key: undefined });
  expect(options).toMatchObject({ status: 204, text: "" });
  expect(options.headers.allow).toBe("GET, HEAD, POST, OPTIONS");
  const head = await ingest.call("/v1/messages", { method: "HEAD" });
  expect(head).toMatchObject({ status: 200, text: "" });
  expect(head.headers["content-length"]).toBe(String('{"messages":[]}'.length));
  expect(await ingest.call("/docs", { method: "POST" })).toMatchObject({
    status: 405,
    body: { code: "METHOD_NOT_ALLOWED" },
  });
});
