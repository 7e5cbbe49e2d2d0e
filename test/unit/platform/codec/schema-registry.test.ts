import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SchemaRegistryClient } from "../../../../platform/codec/schema-registry.ts";

/** What a registry answers, by path; anything else is 404. */
const answers: Record<string, object> = {
  "/schemas/ids/1": { schema: '"string"' },
  "/schemas/ids/2": { schema: "syntax = 'proto3';", schemaType: "PROTOBUF" },
  "/schemas/ids/3": { schema: "{}", schemaType: "JSON" },
  "/schemas/ids/4": { schema: '{"type":"record","name":"R"}' },
  "/schemas/ids/5": {
    schema: '{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":"b.Inner"}]}',
    references: [{ name: "b.Inner", subject: "inner value", version: 2 }],
  },
  "/subjects/inner%20value/versions/2": {
    schema: '{"type":"record","name":"Inner","namespace":"b","fields":[{"name":"k","type":"Kind"}]}',
    references: [{ name: "b.Kind", subject: "kind", version: 1 }],
  },
  "/subjects/kind/versions/1": {
    schema: '{"type":"enum","name":"b.Kind","symbols":["A"]}',
    // They rest on each other, which no registry should let through.
    references: [{ name: "b.Inner", subject: "inner value", version: 2 }],
  },
  "/schemas/ids/6": { schema: "not JSON" },
  "/subjects/a%20value/versions": [1, 2, 10, 3],
  "/subjects/a%20value/versions/10": { subject: "a value", version: 10, id: 77, schema: '"long"' },
  "/subjects/a%20value/versions/3": { subject: "a value", version: 3, id: 78, schemaType: "JSON", schema: "{}" },
};

const asked: string[] = [];
let server: Server;
let registry: SchemaRegistryClient;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/schemas/ids/500") {
      response.writeHead(500).end();
      return;
    }
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { error_code: 40_403 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  registry = new SchemaRegistryClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(() => void server.close());

test("a schema comes with those that it refers to", async () => {
  expect(await registry.schemaOf(1)).toEqual({ state: "loaded", schema: { kind: "string" } });
  expect(await registry.schemaOf(5)).toMatchObject({
    state: "loaded",
    schema: {
      name: "a.R",
      fields: [
        { name: "x", type: { name: "b.Inner", fields: [{ name: "k", type: { kind: "enum", symbols: ["A"] } }] } },
      ],
    },
  });
});

test("what is not Avro, or not whole, cannot be used, and says why; what is not there is missing", async () => {
  expect(await registry.schemaOf(2)).toEqual({ state: "unusable", why: "schema 2 is PROTOBUF, and Avro is needed" });
  expect(await registry.schemaOf(3)).toEqual({ state: "unusable", why: "schema 3 is JSON, and Avro is needed" });
  expect(await registry.schemaOf(4)).toEqual({ state: "unusable", why: "schema 4 cannot be used: R has no fields" });
  expect(await registry.schemaOf(6)).toMatchObject({ state: "unusable" });
  expect(await registry.schemaOf(99)).toBeUndefined();
  await expect(registry.schemaOf(500)).rejects.toMatchObject({ code: "REGISTRY_UNAVAILABLE", class: "transient" });
});

test("a version comes with its schema, by one question; versions are the newest first", async () => {
  expect(await registry.versionsOf("a value", 3)).toEqual([10, 3, 2]);
  expect(await registry.versionsOf("nobody's", 3)).toEqual([]);
  asked.length = 0;
  expect(await registry.versionOf("a value", 10)).toMatchObject({ id: 77, schema: { state: "loaded" } });
  expect(asked).toEqual(["/subjects/a%20value/versions/10"]);
  expect(await registry.versionOf("a value", 3)).toEqual({
    id: 78,
    schema: { state: "unusable", why: "schema 78 is JSON, and Avro is needed" },
  });
  expect(await registry.versionOf("a value", 2)).toBeUndefined();
});
