/** Ascending offsets as text for commit metadata: base64 of the gaps between them as unsigned varints, one octet each where they lie close. */
export function packOffsets(offsets: readonly number[]): string {
  const bytes: number[] = [];
  let last = 0;
  for (const offset of [...offsets].sort((a, b) => a - b)) {
    appendVarint(bytes, offset - last);
    last = offset;
  }
  return Buffer.from(bytes).toString("base64");
}

/** What `packOffsets` was given. Throws on text that it did not make. */
export function unpackOffsets(packed: string): number[] {
  const offsets: number[] = [];
  const read = varintReader(Buffer.from(packed, "base64"));
  let last = 0;
  for (let gap = read(); gap !== undefined; gap = read()) {
    last += gap;
    offsets.push(last);
  }
  return offsets;
}

/** Appends a number from 0 to 2^53 - 1 as an unsigned varint. */
export function appendVarint(into: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    into.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  into.push(rest);
}

/** Reads one unsigned varint after the other; undefined at the end. */
export function varintReader(bytes: Buffer): () => number | undefined {
  let at = 0;
  return () => {
    if (at === bytes.length) return undefined;
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("Commit metadata is cut off: it ends inside a number.");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  };
}
