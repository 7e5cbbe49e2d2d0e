import { type AnswerClass, otherSmppAnswer, smppAnswers } from "../message/submit-answers.ts";

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

/** What a status means for a submission: `ok`, or the class of its answer. */
export type CommandStatusClass = "ok" | AnswerClass;

const names = new Map<number, CommandStatusName>(
  (Object.entries(commandStatus) as [CommandStatusName, number][]).map(([name, code]) => [code, name]),
);

const classes: ReadonlyMap<number, CommandStatusClass> = new Map(
  Object.entries(smppAnswers).map(([name, { class: kind }]) => [commandStatus[name as CommandStatusName], kind]),
);

/**
 * The class of a command_status, by submit-answers.json. Codes outside the standard (vendor codes 0x400-0x4FF, reserved ones) are `transient`:
 * calling them refused would lose messages for a meaning we do not know. A provider's own meanings go into `overrides`.
 */
export function classifyCommandStatus(
  status: number,
  overrides?: ReadonlyMap<number, CommandStatusClass>,
): CommandStatusClass {
  return overrides?.get(status) ?? classes.get(status) ?? otherSmppAnswer.class;
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
