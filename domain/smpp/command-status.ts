/** command_status values by their standard names: SMPP 3.4, 5.1.3, and from 0x100 on those that SMPP 5.0, 4.7.6, adds. */
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
  ESME_RSERTYPUNAUTH: 0x00000100,
  ESME_RPROHIBITED: 0x00000101,
  ESME_RSERTYPUNAVAIL: 0x00000102,
  ESME_RSERTYPDENIED: 0x00000103,
  ESME_RINVDCS: 0x00000104,
  ESME_RINVSRCADDRSUBUNIT: 0x00000105,
  ESME_RINVDSTADDRSUBUNIT: 0x00000106,
  ESME_RINVBCASTFREQINT: 0x00000107,
  ESME_RINVBCASTALIAS_NAME: 0x00000108,
  ESME_RINVBCASTAREAFMT: 0x00000109,
  ESME_RINVNUMBCAST_AREAS: 0x0000010a,
  ESME_RINVBCASTCNTTYPE: 0x0000010b,
  ESME_RINVBCASTMSGCLASS: 0x0000010c,
  ESME_RBCASTFAIL: 0x0000010d,
  ESME_RBCASTQUERYFAIL: 0x0000010e,
  ESME_RBCASTCANCELFAIL: 0x0000010f,
  ESME_RINVBCAST_REP: 0x00000110,
  ESME_RINVBCASTSRVGRP: 0x00000111,
  ESME_RINVBCASTCHANIND: 0x00000112,
} as const;

/** A standard status name. */
export type CommandStatusName = keyof typeof commandStatus;

/**
 * What a status asks of the sender:
 * - `ok`: accepted;
 * - `throttled`: too fast or queue full; slow the whole link, then send the same message again;
 * - `transient`: this attempt failed for a reason that may pass, or that another provider may not have;
 * - `permanent`: this message can not be sent through this provider, however often it is tried. It is the provider's view,
 *   also where it speaks of the destination: some centres answer ESME_RINVDSTADR when they only have no route;
 * - `link`: the bind or the protocol is at fault, not the message; it may go again once the link is right.
 */
export type CommandStatusClass = "ok" | "throttled" | "transient" | "permanent" | "link";

const names = new Map<number, CommandStatusName>(
  (Object.entries(commandStatus) as [CommandStatusName, number][]).map(([name, code]) => [code, name]),
);

/** What each status says about a submit_sm. */
const classOfName: Readonly<Record<CommandStatusName, CommandStatusClass>> = {
  ESME_ROK: "ok",
  ESME_RTHROTTLED: "throttled",
  ESME_RMSGQFUL: "throttled",

  // They say that it failed and never why: nothing holds the message to be at fault, so it deserves another try, bounded by
  // the retry policy.
  ESME_RSYSERR: "transient",
  ESME_RSUBMITFAIL: "transient",
  ESME_RX_T_APPN: "transient",
  ESME_RDELIVERYFAILURE: "transient",
  ESME_RUNKNOWNERR: "transient",
  // A service that is not there now, not one that is denied.
  ESME_RSERTYPUNAVAIL: "transient",

  // A length or command id that the peer can not read is a fault of the two codecs, and bind states, passwords, system ids
  // and rights belong to the account: no other message would fare better, so the message is not to blame.
  ESME_RINVCMDLEN: "link",
  ESME_RINVCMDID: "link",
  ESME_RINVBNDSTS: "link",
  ESME_RALYBND: "link",
  ESME_RBINDFAIL: "link",
  ESME_RINVPASWD: "link",
  ESME_RINVSYSID: "link",
  ESME_RINVSYSTYP: "link",
  ESME_RPROHIBITED: "link",

  // Addresses, as this provider sees them.
  ESME_RINVSRCADR: "permanent",
  ESME_RINVDSTADR: "permanent",
  ESME_RINVSRCTON: "permanent",
  ESME_RINVSRCNPI: "permanent",
  ESME_RINVDSTTON: "permanent",
  ESME_RINVDSTNPI: "permanent",
  ESME_RINVSRCADDRSUBUNIT: "permanent",
  ESME_RINVDSTADDRSUBUNIT: "permanent",
  // The content, and how it is sent: the same request would be answered alike.
  ESME_RINVMSGLEN: "permanent",
  ESME_RINVDCS: "permanent",
  ESME_RINVESMCLASS: "permanent",
  ESME_RINVPRTFLG: "permanent",
  ESME_RINVREGDLVFLG: "permanent",
  ESME_RINVREPFLAG: "permanent",
  ESME_RINVSUBREP: "permanent",
  ESME_RINVSCHED: "permanent",
  ESME_RINVEXPIRY: "permanent",
  ESME_RINVDFTMSGID: "permanent",
  ESME_RINVMSGID: "permanent",
  ESME_RINVSERTYP: "permanent",
  ESME_RSERTYPUNAUTH: "permanent",
  ESME_RSERTYPDENIED: "permanent",
  ESME_RINVOPTPARSTREAM: "permanent",
  ESME_ROPTPARNOTALLWD: "permanent",
  ESME_RINVPARLEN: "permanent",
  ESME_RMISSINGOPTPARAM: "permanent",
  ESME_RINVOPTPARAMVAL: "permanent",
  // The receiving application will not have it (gateways pass this on for content that they block).
  ESME_RX_P_APPN: "permanent",
  ESME_RX_R_APPN: "permanent",

  // Answers to other operations (cancel_sm, replace_sm, query_sm, submit_multi, broadcast_sm): to a submit_sm they mean nothing.
  ESME_RCANCELFAIL: "transient",
  ESME_RREPLACEFAIL: "transient",
  ESME_RQUERYFAIL: "transient",
  ESME_RINVNUMMSGS: "transient",
  ESME_RINVNUMDESTS: "transient",
  ESME_RINVDLNAME: "transient",
  ESME_RINVDESTFLAG: "transient",
  ESME_RCNTSUBDL: "transient",
  ESME_RINVBCASTFREQINT: "transient",
  ESME_RINVBCASTALIAS_NAME: "transient",
  ESME_RINVBCASTAREAFMT: "transient",
  ESME_RINVNUMBCAST_AREAS: "transient",
  ESME_RINVBCASTCNTTYPE: "transient",
  ESME_RINVBCASTMSGCLASS: "transient",
  ESME_RBCASTFAIL: "transient",
  ESME_RBCASTQUERYFAIL: "transient",
  ESME_RBCASTCANCELFAIL: "transient",
  ESME_RINVBCAST_REP: "transient",
  ESME_RINVBCASTSRVGRP: "transient",
  ESME_RINVBCASTCHANIND: "transient",
};

const classes = new Map<number, CommandStatusClass>(
  (Object.entries(classOfName) as [CommandStatusName, CommandStatusClass][]).map(([name, kind]) => [
    commandStatus[name],
    kind,
  ]),
);

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

/** A status by its standard name, or as a number: `ESME_RINVDSTADR`, `0x00000401`, `1025`; undefined for anything else. */
export function readCommandStatus(text: string): number | undefined {
  const named = Object.hasOwn(commandStatus, text) ? commandStatus[text as CommandStatusName] : undefined;
  if (named !== undefined) return named;
  const code = /^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : Number.NaN;
  return code <= 0xffff_ffff ? code : undefined;
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
