import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSender, senderKind } from "../../../../domain/message/sender-id.ts";
import { requestLimits, validateSendRequest } from "../../../../domain/message/validation.ts";

const base = { to: "+491711234567", text: "hello" };

function problemsOf(input: unknown, options = {}): string[] {
  const result = validateSendRequest(input, options);
  return result.ok ? [] : result.problems.map((problem) => `${problem.field}: ${problem.code}`);
}

const withFields = (fields: object) => problemsOf({ ...base, ...fields });

describe("validateSendRequest", () => {
  it("normalises a request and adds what it found out", () => {
    expect(validateSendRequest(base)).toEqual({
      ok: true,
      request: {
        destination: "491711234567",
        country: "DE",
        network: { mcc: "262", mnc: "01", mccMnc: "26201", name: "Telekom Deutschland" },
        from: undefined,
        text: "hello",
        given: { text: "hello", transliterate: false },
        encoding: "gsm7",
        segments: 1,
        segmentsSaved: 0,
        lane: "transactional",
        validitySeconds: 86_400,
        reference: undefined,
        callbackUrl: undefined,
        metadata: undefined,
      },
    });
  });

  it("keeps every field it was given, and takes null for absent", () => {
    const given = {
      from: "Sluice",
      lane: "otp",
      reference: "r-1",
      callbackUrl: "https://example.org/cb?x=1",
      metadata: { order: "1", note: "" },
    };
    expect(validateSendRequest({ ...base, ...given, validity: 30 })).toMatchObject({
      ok: true,
      request: { ...given, validitySeconds: 30 },
    });
    const absent = { from: null, lane: null, validity: null, reference: null, callbackUrl: null, metadata: null };
    expect(validateSendRequest({ ...base, ...absent })).toEqual(validateSendRequest(base));
  });

  it("names every problem at once", () => {
    expect(
      problemsOf({
        from: "",
        lane: "vip",
        validity: 1,
        reference: 7,
        callbackUrl: "ftp://x",
        metadata: [],
        tex: "",
      }).sort(),
    ).toEqual([
      "callbackUrl: callback-url-invalid",
      "from: sender-invalid",
      "lane: lane-unknown",
      "metadata: type-wrong",
      "reference: type-wrong",
      "tex: field-unknown",
      "text: field-missing",
      "to: field-missing",
      "validity: validity-out-of-range",
    ]);
    for (const input of [null, undefined, "x", 5, []]) expect(problemsOf(input)).toEqual([": request-not-an-object"]);
  });

  it("holds the limits of the text", () => {
    expect(withFields({ text: "" })).toEqual(["text: text-empty"]);
    expect(withFields({ text: "a".repeat(1530) })).toEqual([]);
    expect(withFields({ text: "a".repeat(1600) })).toEqual(["text: text-too-many-parts"]);
    expect(withFields({ text: "a".repeat(1601) })).toEqual(["text: text-too-long"]);
    expect(withFields({ text: "я".repeat(671) })).toEqual(["text: text-too-many-parts"]);
    expect(problemsOf({ ...base, text: "a".repeat(161) }, { maxParts: 1 })).toEqual(["text: text-too-many-parts"]);
    expect(withFields({ text: "half \ud83d" })).toEqual(["text: text-malformed"]);
  });

  it("holds the limits of the other fields", () => {
    for (const validity of [29, 604_801, 60.5, "60", Number.NaN]) {
      expect(withFields({ validity })).toEqual(["validity: validity-out-of-range"]);
    }
    expect(withFields({ validity: 604_800, reference: "r".repeat(64) })).toEqual([]);
    expect(withFields({ reference: "r".repeat(65) })).toEqual(["reference: length-out-of-range"]);
    expect(withFields({ reference: "" })).toEqual(["reference: length-out-of-range"]);
    const url = `https://example.org/${"p".repeat(requestLimits.callbackUrlLength)}`;
    expect(withFields({ callbackUrl: url.slice(0, 512) })).toEqual([]);
    expect(withFields({ callbackUrl: url.slice(0, 513) })).toEqual(["callbackUrl: length-out-of-range"]);
    for (const callbackUrl of ["/cb", "javascript:alert(1)", "https://user:pass@example.org/"]) {
      expect(withFields({ callbackUrl })).toEqual(["callbackUrl: callback-url-invalid"]);
    }
  });

  it("holds the limits of metadata, and lets no key reach a prototype", () => {
    const entries = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, "v"]));
    expect(withFields({ metadata: entries(10) })).toEqual([]);
    expect(withFields({ metadata: entries(11) })).toEqual(["metadata: metadata-too-many"]);
    expect(withFields({ metadata: { a: 1 } })).toEqual(["metadata.a: type-wrong"]);
    expect(withFields({ metadata: { a: null } })).toEqual(["metadata.a: type-wrong"]);
    expect(withFields({ metadata: { a: "v".repeat(257) } })).toEqual(["metadata.a: length-out-of-range"]);
    expect(withFields({ metadata: JSON.parse('{"__proto__": "x"}') })).toEqual(["metadata: metadata-key-invalid"]);
  });

  it("names each key of metadata that is none, in short, and never its value", () => {
    const messagesOf = (metadata: object) => {
      const result = validateSendRequest({ ...base, metadata });
      return result.ok ? [] : result.problems.map(({ message }) => message);
    };
    const rule = 'a key is a letter, then letters, digits, "_", "." or "-", 40 in all at most';
    expect(messagesOf({ "order id": "SECRET", über: "3", fine: "1", "": "2" })).toEqual([
      `"order id": ${rule}`,
      `"über": ${rule}`,
      `"": ${rule}`,
    ]);
    // Characters, not halves of them; nothing that a terminal would obey.
    expect(messagesOf({ [`${"k".repeat(39)}😀and more`]: "SECRET" })).toEqual([`"${"k".repeat(39)}😀…": ${rule}`]);
    expect(messagesOf({ "a\n\u001b": "SECRET" })).toEqual([`"a\\n\\u001b": ${rule}`]);
    expect(messagesOf({ ["😀".repeat(500)]: "" })).toEqual([`"${"😀".repeat(40)}…": ${rule}`]);
    expect(messagesOf({ ["😀".repeat(40)]: "" })).toEqual([`"${"😀".repeat(40)}": ${rule}`]);
    expect(messagesOf({ ["k".repeat(41)]: "" })).toEqual([`"${"k".repeat(40)}…": ${rule}`]);
  });

  it("says why the destination is refused", () => {
    expect(withFields({ to: "0171 1234567" })).toEqual(["to: destination-invalid"]);
    expect(problemsOf({ ...base, to: "0171 1234567" }, { defaultCountry: "DE" })).toEqual([]);
  });

  it("answers for any input, without throwing and without repeating values", () => {
    const value = fc.oneof(fc.anything(), fc.string());
    const names = ["to", "from", "text", "lane", "validity", "reference", "callbackUrl", "metadata", "other"] as const;
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (input) => {
        const result = validateSendRequest(input);
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
      }),
    );
    expect(
      JSON.stringify(validateSendRequest({ to: "SECRET", text: "SECRET\ud800", from: "SECRET TOO LONG" })),
    ).not.toContain("SECRET");
  });
});

describe("a sender that is a number", () => {
  const fromOf = (from: string) => {
    const result = validateSendRequest({ ...base, from });
    return result.ok ? result.request.from : result.problems;
  };

  it.each([
    ["00491713920012", "491713920012"],
    ["0012015550123", "12015550123"],
    ["00123456789012345", "123456789012345"],
    // What is left would read as a short code without its plus.
    ["001234567", "+1234567"],
    ["0012345678", "+12345678"],
    ["491713920012", "491713920012"],
    ["+491713920012", "+491713920012"],
    // Short codes keep their zeros.
    ["00491713", "00491713"],
    ["01713", "01713"],
    ["0", "0"],
  ])("%s is sent as %s", (written, sender) => expect(fromOf(written)).toBe(sender));

  it.each(["01713920012", "+01713920012", "017139200", "+01713", "+00491713920012", "0001713920012", "000000000"])(
    "%s is refused, and how to write it is said",
    (written) => {
      expect(fromOf(written)).toEqual([
        { field: "from", code: "sender-invalid", message: expect.stringMatching(/internationally.*\+49/) },
      ]);
    },
  );

  it("is refused with more than 15 digits, not counting a 00 before them", () => {
    for (const written of ["1234567890123456", "+1234567890123456", "001234567890123456"])
      expect(fromOf(written)).toMatchObject([
        { code: "sender-invalid", message: expect.stringContaining("15 digits") },
      ]);
  });

  it("is the same however often it is read", () => {
    const written = fc.stringMatching(/^(\+|00)?\d{1,17}$/);
    fc.assert(
      fc.property(written, (text) => {
        const read = readSender(text);
        if (!read.ok) return;
        expect(readSender(read.sender)).toEqual(read);
        if (read.kind === "international") expect(read.sender).toMatch(/^\+?[1-9]\d{0,14}$/);
      }),
    );
  });
});

describe("senderKind", () => {
  it("tells names, short codes and numbers apart", () => {
    expect(senderKind("Sluice")).toBe("alphanumeric");
    expect(senderKind("naïve")).toBeUndefined();
    for (const name of ["Muelle & Co", "1&1", "A", "ACME SHOP 1", "+ACME", "0800 123456", "a_b-c.d"])
      expect([name, senderKind(name)]).toEqual([name, "alphanumeric"]);
    expect(senderKind("12345")).toBe("short-code");
    expect(senderKind("491711234567")).toBe("international");
    expect(senderKind("+12345")).toBe("international");
  });

  it("refuses what a network would", () => {
    const none = [
      "",
      " ",
      "ABCDEFGHIJKL",
      "1234567890123456",
      "+1234567890123456",
      "+",
      "---",
      "a\nb",
      "Ж",
      "[[[[[[a",
      "a`b",
    ];
    // In the GSM alphabet, and not in ASCII, which is what providers carry.
    const gsm = ["ΩMEGA", "Müller", "naïve", "Café", "£", "ACME\u00a0"];
    for (const sender of [...none, ...gsm]) expect([sender, senderKind(sender)]).toEqual([sender, undefined]);
  });
});

describe("a sender with blanks", () => {
  it.each([" Shop", "Shop ", " 12345", "12345 ", "\tShop"])("at an end is refused, and told why: %j", (from) => {
    const read = validateSendRequest({ to: "+491711234567", text: "hi", from });
    const message = expect.stringContaining("ends with a blank");
    expect(read).toMatchObject({ ok: false, problems: [{ field: "from", code: "sender-invalid", message }] });
  });

  it("between its words is sent as it was written", () => {
    for (const from of ["My Shop", "My  Shop"])
      expect(validateSendRequest({ to: "+491711234567", text: "hi", from })).toMatchObject({
        ok: true,
        request: { from },
      });
  });

  it("only is no sender", () => expect(readSender("   ").ok).toBe(false));
});
