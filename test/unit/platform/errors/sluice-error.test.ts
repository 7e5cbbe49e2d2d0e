import { expect, test } from "vitest";
import { fail, succeed, unreachable } from "../../../../platform/errors/result.ts";
import { errorMessage, SluiceError } from "../../../../platform/errors/sluice-error.ts";

test("an error keeps its code, class, cause and details", () => {
  const cause = new Error("socket closed");
  const error = new SluiceError("broker 3 did not answer; check its log", {
    code: "BROKER_SILENT",
    class: "transient",
    cause,
    details: { broker: 3 },
  });
  expect(error).toMatchObject({
    name: "SluiceError",
    code: "BROKER_SILENT",
    class: "transient",
    details: { broker: 3 },
  });
  expect(error.cause).toBe(cause);
  expect(new SluiceError("x", { code: "X" }).class).toBe("permanent");
  expect(Object.hasOwn(new SluiceError("x", { code: "X" }), "cause")).toBe(false);
});

test("a cyclic chain of causes ends", () => {
  const error = new Error("loop");
  error.cause = error;
  expect(errorMessage(error)).toBe("loop");
});

test("the message names every cause once", () => {
  const error = new Error("start failed", { cause: new Error("connect failed", { cause: "ECONNREFUSED" }) });
  expect(errorMessage(error)).toBe("start failed <- connect failed <- ECONNREFUSED");
  expect(errorMessage(undefined)).toBe("undefined");
});

test("results are told apart by ok", () => {
  expect(succeed(1)).toEqual({ ok: true, value: 1 });
  expect(fail("full")).toEqual({ ok: false, failure: "full" });
  expect(() => unreachable("x" as never)).toThrow(TypeError);
});
