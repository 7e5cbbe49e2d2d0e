import fc from "fast-check";
import { expect, test } from "vitest";
import { Slab } from "../../../../platform/codec/slab.ts";

/** Writes `content`, or says how many bytes are missing, as an encoder does. */
function writer(content: Buffer) {
  return (memory: Buffer, at: number): number => {
    const end = at + content.length;
    if (end > memory.length) return memory.length - end;
    content.copy(memory, at);
    return end;
  };
}

test("what was written never changes, whatever is written after it", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 60 }), (contents) => {
      const slab = new Slab(256);
      const written = contents.map((content) => slab.write(writer(Buffer.from(content))));
      expect(written.map((bytes) => [...bytes])).toEqual(contents.map((content) => [...content]));
    }),
  );
});

test("records share memory, and a large one does not throw away what is left of a slab", () => {
  const slab = new Slab(1_000);
  const first = slab.write(writer(Buffer.alloc(100, 1)));
  const large = slab.write(writer(Buffer.alloc(5_000, 2)));
  const second = slab.write(writer(Buffer.alloc(100, 3)));
  expect(large.length).toBe(5_000);
  expect(large.buffer).not.toBe(first.buffer);
  expect(second.buffer).toBe(first.buffer);
  expect(second.byteOffset).toBe(first.byteOffset + 100);
});
