import { describe, expect, it } from "vitest";
import {
  classifyBindStatus,
  classifyCommandStatus,
  commandStatus,
  commandStatusName,
  readCommandStatus,
} from "../../../domain/smpp/command-status.ts";

describe("command_status", () => {
  it.each([
    ["ESME_ROK", 0x00, "ok"],
    ["ESME_RTHROTTLED", 0x58, "throttled"],
    ["ESME_RMSGQFUL", 0x14, "throttled"],
    ["ESME_RSYSERR", 0x08, "transient"],
    ["ESME_RSUBMITFAIL", 0x45, "transient"],
    ["ESME_RX_T_APPN", 0x64, "transient"],
    ["ESME_RUNKNOWNERR", 0xff, "transient"],
    ["ESME_RINVDSTADR", 0x0b, "refused"],
    ["ESME_RINVSRCADR", 0x0a, "refused"],
    ["ESME_RINVMSGLEN", 0x01, "refused"],
    ["ESME_RX_R_APPN", 0x66, "refused"],
    ["ESME_RINVBNDSTS", 0x04, "link"],
    ["ESME_RINVPASWD", 0x0e, "link"],
  ] as const)("%s is %i and %s", (name, code, kind) => {
    expect(commandStatus[name]).toBe(code);
    expect(classifyCommandStatus(code)).toBe(kind);
    expect(commandStatusName(code)).toBe(name);
  });

  it("takes codes it does not know for transient, unless the provider's meaning is given", () => {
    expect(classifyCommandStatus(0x401)).toBe("transient");
    expect(commandStatusName(0x401)).toBe("0x00000401");
    expect(classifyCommandStatus(0x401, new Map([[0x401, "refused" as const]]))).toBe("refused");
    expect(classifyCommandStatus(0x08, new Map([[0x08, "throttled" as const]]))).toBe("throttled");
  });

  it("says of every status of SMPP 3.4 and 5.0 what it means for a submit_sm", () => {
    const byClass: Record<string, string[]> = {};
    for (const [name, code] of Object.entries(commandStatus)) {
      const kind = classifyCommandStatus(code);
      byClass[kind] ??= [];
      byClass[kind].push(name);
      expect(readCommandStatus(name)).toBe(code);
    }
    expect(byClass.ok).toEqual(["ESME_ROK"]);
    expect(byClass.throttled).toEqual(["ESME_RMSGQFUL", "ESME_RTHROTTLED"]);
    for (const name of ["ESME_RINVDCS", "ESME_RSERTYPDENIED", "ESME_RINVSRCADR", "ESME_RX_R_APPN", "ESME_RINVDSTADR"])
      expect(byClass.refused).toContain(name);
    for (const name of ["ESME_RSERTYPUNAVAIL", "ESME_RBCASTFAIL", "ESME_RQUERYFAIL"])
      expect(byClass.transient).toContain(name);
    expect(byClass.link).toContain("ESME_RPROHIBITED");
    expect(new Set(Object.values(commandStatus)).size).toBe(Object.keys(commandStatus).length);
  });

  it("reads statuses by name and number", () => {
    expect(readCommandStatus("0x00000401")).toBe(0x401);
    expect(readCommandStatus("1025")).toBe(0x401);
    for (const text of ["", "ESME_R", "toString", "-1", "0x1ffffffff", "1e3"])
      expect([text, readCommandStatus(text)]).toEqual([text, undefined]);
  });

  it("knows which refused binds only a changed configuration can cure", () => {
    expect(classifyBindStatus(commandStatus.ESME_RINVPASWD)).toBe("permanent");
    expect(classifyBindStatus(commandStatus.ESME_RINVSYSID)).toBe("permanent");
    expect(classifyBindStatus(commandStatus.ESME_RALYBND)).toBe("transient");
    expect(classifyBindStatus(commandStatus.ESME_RBINDFAIL)).toBe("transient");
    expect(classifyBindStatus(0)).toBe("ok");
  });
});
