import { expect, test } from "vitest";
import { readSchema } from "../../../../platform/codec/avro-schema.ts";
import { type WriterSchema, WriterSchemas } from "../../../../platform/codec/writer-schemas.ts";

const loaded: WriterSchema = { state: "loaded", schema: readSchema({ type: "record", name: "A", fields: [] }) };

test("many who need one schema at the same time share one request", async () => {
  let requests = 0;
  const schemas = new WriterSchemas(async () => {
    requests++;
    return loaded;
  });
  expect(schemas.get(7)).toBeUndefined();
  expect(await Promise.all([schemas.load(7), schemas.load(7), schemas.load(7)])).toEqual([
    "loaded",
    "loaded",
    "loaded",
  ]);
  expect(await schemas.load(7)).toBe("loaded");
  expect(requests).toBe(1);
  expect(schemas.get(7)).toBe(loaded);
});

test("a schema that does not exist is not asked for again at once, but later", async () => {
  let now = 0;
  let answer: WriterSchema | undefined;
  let requests = 0;
  const schemas = new WriterSchemas(
    async () => {
      requests++;
      return answer;
    },
    () => now,
  );
  expect(await schemas.load(7)).toBe("missing");
  now = 29_999;
  expect(schemas.get(7)).toBe("missing");
  expect(await schemas.load(7)).toBe("missing");
  expect(requests).toBe(1);
  now = 30_000;
  answer = loaded;
  expect(schemas.get(7)).toBeUndefined();
  expect(await schemas.load(7)).toBe("loaded");
});

test("no registry is asked for an id that none gives", async () => {
  const schemas = new WriterSchemas(() => Promise.reject(new Error("asked")));
  expect(await Promise.all([schemas.load(0), schemas.load(-5)])).toEqual(["missing", "missing"]);
});

test("a registry that cannot be asked is an error for all who wait, and the next call asks again", async () => {
  let reachable = false;
  const schemas = new WriterSchemas(async () => {
    if (!reachable) throw new Error("no answer");
    return loaded;
  });
  const both = await Promise.allSettled([schemas.load(7), schemas.load(7)]);
  expect(both.map((result) => result.status)).toEqual(["rejected", "rejected"]);
  expect(schemas.get(7)).toBeUndefined();
  reachable = true;
  expect(await schemas.load(7)).toBe("loaded");
});

test("made-up ids do not fill the memory", async () => {
  const schemas = new WriterSchemas(async (id) => (id <= 5_000 ? loaded : undefined));
  for (let id = 1; id <= 10_000; id++) await schemas.load(id);
  const remembered = Array.from({ length: 10_000 }, (_, i) => schemas.get(i + 1)).filter(
    (known) => known !== undefined,
  );
  expect(remembered.length).toBe(2_000);
});
