/** SMPP 3.4 section 5.1.3: command_status values by their standard names. */
export const commandStatus = {
  ESME_ROK: 0x00000000,
  ESME_RINVMSGLEN: 0x00000001,
  ESME_RINVCMDLEN: 0x00000002,
  ESME_RINVCMDID: 0x00000003,
  ESME_RINVBNDSTS: 0x00000004,
  ESME_RALYBND: 0x00000005,
  ESME_RINVPRTFLG: 0x00000006,
  ESME_RINVREGDLVFLG: 0x00000007,
  ESME_RSYSERR: 0x00000008,
  ESME_RINVSRCADR: 0x0000000a,
  ESME_RINVDSTADR: 0x0000000b,
  ESME_RINVMSGID: 0x0000000c,
  ESME_RBINDFAIL: 0x0000000d,
  ESME_RINVPASWD: 0x0000000e,
  ESME_RINVSYSID: 0x0000000f,
  ESME_RCANCELFAIL: 0x00000011,
  ESME_RREPLACEFAIL: 0x00000013,
  ESME_RMSGQFUL: 0x00000014,
  ESME_RINVSERTYP: 0x00000015,
  ESME_RINVNUMDESTS: 0x00000033,
  ESME_RINVDLNAME: 0x00000034,
  ESME_RINVDESTFLAG: 0x00000040,
  ESME_RINVSUBREP: 0x00000042,
  ESME_RINVESMCLASS: 0x00000043,
  ESME_RCNTSUBDL: 0x00000044,
  ESME_RSUBMITFAIL: 0x00000045,
  ESME_RINVSRCTON: 0x00000048,
  ESME_RINVSRCNPI: 0x00000049,
  ESME_RINVDSTTON: 0x00000050,
  ESME_RINVDSTNPI: 0x00000051,
  ESME_RINVSYSTYP: 0x00000053,
  ESME_RINVREPFLAG: 0x00000054,
  ESME_RINVNUMMSGS: 0x00000055,
  ESME_RTHROTTLED: 0x00000058,
  ESME_RINVSCHED: 0x00000061,
  ESME_RINVEXPIRY: 0x00000062,
  ESME_RINVDFTMSGID: 0x00000063,
  ESME_RX_T_APPN: 0x00000064,
  ESME_RX_P_APPN: 0x00000065,
  ESME_RX_R_APPN: 0x00000066,
  ESME_RQUERYFAIL: 0x00000067,
  ESME_RINVOPTPARSTREAM: 0x000000c0,
  ESME_ROPTPARNOTALLWD: 0x000000c1,
  ESME_RINVPARLEN: 0x000000c2,
  ESME_RMISSINGOPTPARAM: 0x000000c3,
  ESME_RINVOPTPARAMVAL: 0x000000c4,
  ESME_RDELIVERYFAILURE: 0x000000fe,
  ESME_RUNKNOWNERR: 0x000000ff,
} as const;

/** A standard status name. */
export type CommandStatusName = keyof typeof commandStatus;

/**
 * What a status asks of the sender:
 * - `ok`: accepted;
 * - `throttled`: too fast or queue full; slow the whole link, then send the same message again;
 * - `transient`: this attempt failed for a reason that may pass, or that another provider may not have;
 * - `permanent`: this message can not be sent through this provider, however often it is tried;
 * - `link`: the bind or the protocol is at fault, not the message; it may go again once the link is right.
 */
export type CommandStatusClass = "ok" | "throttled" | "transient" | "permanent" | "link";

const names = new Map<number, CommandStatusName>(
  (Object.entries(commandStatus) as [CommandStatusName, number][]).map(([name, code]) => [code, name]),
);

const throttled: CommandStatusName[] = ["ESME_RTHROTTLED", "ESME_RMSGQFUL"];

// ESME_RSUBMITFAIL says only that the submit failed and never why, and ESME_RUNKNOWNERR and ESME_RDELIVERYFAILURE say no
// more: nothing holds the message to be at fault, so it deserves another try, bounded by the retry policy.
const transient: CommandStatusName[] = [
  "ESME_RSYSERR",
  "ESME_RSUBMITFAIL",
  "ESME_RX_T_APPN",
  "ESME_RDELIVERYFAILURE",
  "ESME_RUNKNOWNERR",
];

// A length or command id that the peer can not read is a fault of the two codecs, and bind states, passwords and
// system ids belong to the account: no other message would fare better, so the message is not to blame.
const link: CommandStatusName[] = [
  "ESME_RINVCMDLEN",
  "ESME_RINVCMDID",
  "ESME_RINVBNDSTS",
  "ESME_RALYBND",
  "ESME_RBINDFAIL",
  "ESME_RINVPASWD",
  "ESME_RINVSYSID",
  "ESME_RINVSYSTYP",
];

const classes = new Map<number, CommandStatusClass>([[commandStatus.ESME_ROK, "ok"]]);
for (const [name, code] of Object.entries(commandStatus) as [CommandStatusName, number][]) {
  if (code === 0) continue;
  if (throttled.includes(name)) classes.set(code, "throttled");
  else if (transient.includes(name)) classes.set(code, "transient");
  else if (link.includes(name)) classes.set(code, "link");
  else classes.set(code, "permanent");
}

/**
 * The class of a command_status. Codes outside the standard (vendor codes 0x400-0x4FF, reserved ones) are `transient`:
 * calling them permanent would lose messages for a meaning we do not know. A provider's own meanings go into `overrides`.
 */
export function classifyCommandStatus(
  status: number,
  overrides?: ReadonlyMap<number, CommandStatusClass>,
): CommandStatusClass {
  return overrides?.get(status) ?? classes.get(status) ?? "transient";
}

/** The standard name of a status, or its value in hex (`0x00000401`) when the standard has none. */
export function commandStatusName(status: number): string {
  return names.get(status) ?? `0x${status.toString(16).padStart(8, "0")}`;
}

/**
 * The class of a refused bind: `permanent` when only a changed configuration or account can help (wrong password,
 * unknown system id, wrong system type), `transient` when the same bind may succeed later.
 */
export function classifyBindStatus(status: number): "ok" | "permanent" | "transient" {
  switch (status) {
    case commandStatus.ESME_ROK:
      return "ok";
    case commandStatus.ESME_RINVPASWD:
    case commandStatus.ESME_RINVSYSID:
    case commandStatus.ESME_RINVSYSTYP:
    case commandStatus.ESME_RINVCMDID:
      return "permanent";
    default:
      return "transient";
  }
}
