import type { Answer, ApiDocument, Content, Operation, Parameter, Schema } from "./api-document.ts";
import { exampleCall } from "./example-call.ts";
import { type Html, html } from "./html.ts";
import { about, fieldsOf, typeOf } from "./schema-fields.ts";

/** An operation with where it stands. */
interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The page of an API for people, as a whole: it loads its style from this server, and nothing else. */
export function docsPage(document: ApiDocument): string {
  const entries = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation })),
  );
  const types = Object.entries(document.components.schemas);
  const { title, description } = document.info;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}: the HTTP API</title>
<link rel="stylesheet" href="/docs.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><h1>${title}: the HTTP API</h1>
<p>${description} This page is made of <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p></header>
<nav aria-label="Operations"><details open><summary>Operations</summary>
<ul>${entries.map(linkTo)}</ul></details></nav>
<main id="content">
${introduction()}
${entries.map(section)}
<section aria-labelledby="types"><h2 id="types">Data types</h2>
${types.map(([name, schema]) => typeSection(name, schema))}</section>
</main>
</body>
</html>
`.text;
}

function linkTo({ method, path, operation }: Entry): Html {
  return html`<li><a href="#${operation.operationId}"><span class="method">${method}</span> <span class="path">${path}</span></a>
<span class="note">${operation.summary}</span></li>
`;
}

function introduction(): Html {
  return html`<section aria-labelledby="begin"><h2 id="begin">Before you begin</h2>
<p>Every request carries an API key: <code>Authorization: Bearer &lt;key&gt;</code>, or <code>X-API-Key: &lt;key&gt;</code>. The examples take it from
<code>$SLUICE_KEY</code>, and the address of this server from <code>$SLUICE_URL</code>.</p>
<p>Errors are problem details (RFC 9457): <code>code</code> is for programs, <code>detail</code> says what to do, and <code>errors</code> names each field
that is wrong. After 429 and 503 the header <code>Retry-After</code> says in how many seconds to try again.</p></section>`;
}

function section({ method, path, operation }: Entry): Html {
  const { operationId: id, summary, description, parameters = [], requestBody, responses } = operation;
  return html`<section aria-labelledby="${id}"><h2 id="${id}"><span class="method">${method}</span> <span class="path">${path}</span></h2>
<p class="summary">${summary}</p>
${description === undefined ? undefined : html`<p>${description}</p>`}
${operation.security?.length === 0 ? html`<p>It takes no API key.</p>` : undefined}
${parameters.length === 0 ? undefined : html`<h3>Parameters</h3><dl class="fields">${parameters.map(parameterOf)}</dl>`}
${requestBody === undefined ? undefined : html`<h3>Body</h3>${contentOf(requestBody.content)}`}
<h3>Answers</h3><dl class="answers">${Object.entries(responses).map(answerOf)}</dl>
<h3>Example</h3><pre tabindex="0"><code>${exampleCall(method, path, operation)}</code></pre></section>
`;
}

function parameterOf({ name, in: place, required, description, schema }: Parameter): Html {
  const must = required === true ? html` <span class="must">always</span>` : undefined;
  const said = description === undefined ? undefined : html`<p>${description}</p>`;
  return html`<div><dt><code>${name}</code> <span class="type">${typeOf(schema)}, in the ${place}</span>${must}</dt>
<dd>${said}${about(schema)}</dd></div>`;
}

function contentOf(content: Content): Html {
  return html`${Object.entries(content).map(
    ([type, { schema }]) => html`<p><code>${type}</code>: ${typeOf(schema)}</p>${fieldsOf(schema)}`,
  )}`;
}

function answerOf([status, { description, headers = {}, content }]: readonly [string, Answer]): Html {
  const types = Object.values(content ?? {}).map(({ schema }) => html` <span class="type">${typeOf(schema)}</span>`);
  const listed = Object.entries(headers).map(
    ([name, header]) => html`<p class="limits">Header <code>${name}</code>: ${header.description}</p>`,
  );
  return html`<div><dt><code class="${Number(status) < 400 ? "good" : "bad"}">${status}</code>${types}</dt>
<dd><p>${description}</p>${listed}</dd></div>`;
}

function typeSection(name: string, schema: Schema): Html {
  return html`<article aria-labelledby="type-${name}"><h3 id="type-${name}">${name}</h3>${about(schema)}${fieldsOf(schema)}</article>
`;
}
