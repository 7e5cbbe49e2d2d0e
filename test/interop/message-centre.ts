import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { until } from "../faults/until.ts";
import { PART_ENVIRONMENT, type PartName } from "./interop-parts.ts";

/** A submit_sm as the centre's own library reads it. */
export interface CentreSubmit {
  /** The id that the centre answered. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly esmClass: number;
  readonly dataCoding: number;
  /** short_message, or as much of it as the library shows: at least the user data header. */
  readonly octets: Buffer;
  /** Without the user data header. */
  readonly text: string;
}

/** A program of `parts/` that is a message centre, or drives one. */
export interface CentreProgram {
  readonly part: PartName;
  /** Its command line in the part's folder. */
  readonly command: (folder: string, port: number) => readonly [string, ...string[]];
}

type CentreEvent = { event: string; count?: number; status?: number } & Record<string, string | number>;

const START_LIMIT_MS = 30_000;
/** Sluice tries again after half a minute at the latest. */
const BIND_LIMIT_MS = 45_000;
const ANSWER_LIMIT_MS = 15_000;
const utf8 = (hex: unknown) => Buffer.from(String(hex), "hex").toString("utf8");

/**
 * A message centre as a process. It takes commands on standard input and tells what it sees as lines of JSON; what the
 * commands and events are stands in parts/java/Centre.java.
 */
export class MessageCentre {
  /** Of all its lives, in the order of arrival. */
  readonly submits: CentreSubmit[] = [];
  /** The most requests that stood unanswered at one time. */
  mostOpen = 0;
  private readonly program: CentreProgram;
  private readonly folder: string;
  private readonly port: number;
  private child: ChildProcess | undefined;
  private listening = false;
  private bound = false;
  private answers: number[] = [];
  private words = "";

  constructor(program: CentreProgram, folder: string, port: number) {
    this.program = program;
    this.folder = folder;
    this.port = port;
  }

  async start(): Promise<void> {
    const [command, ...args] = this.program.command(this.folder, this.port);
    this.listening = false;
    this.bound = false;
    const child = spawn(command, args, { cwd: this.folder, env: PART_ENVIRONMENT, stdio: ["pipe", "pipe", "pipe"] });
    this.child = child;
    child.on("error", (error) => {
      this.words += error.message;
    });
    child.stdin?.on("error", () => {}); // it was killed
    createInterface({ input: child.stdout! }).on("line", (line) => this.hear(line));
    child.stderr!.on("data", (chunk: Buffer) => {
      this.words = (this.words + chunk.toString()).slice(-1_000);
    });
    await until(
      () => `${command} listens; it says: ${this.words}`,
      () => this.listening,
      START_LIMIT_MS,
    );
  }

  /** Until Sluice has bound, nothing comes, and there is nobody to deliver to. */
  async untilBound(): Promise<void> {
    await until(
      () => `Sluice binds; the centre says: ${this.words}`,
      () => this.bound,
      BIND_LIMIT_MS,
    );
  }

  /** SIGKILL, as a machine that fails. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  /** The next so many submit_sm are answered with ESME_RTHROTTLED. */
  throttle(count: number): void {
    this.tell(`throttle ${count}`);
  }

  /** Delivers a message with exactly these fields; the command_status of the answer. */
  deliver(from: string, to: string, esmClass: number, dataCoding: number, octets: Buffer): Promise<number> {
    return this.answerTo(`deliver ${from} ${to} ${esmClass} ${dataCoding} ${octets.toString("hex")}`);
  }

  /** Delivers a message as the centre's library encodes it; the command_status of the answer. */
  deliverText(from: string, to: string, text: string): Promise<number> {
    return this.answerTo(`text ${from} ${to} ${Buffer.from(text, "utf8").toString("hex")}`);
  }

  private async answerTo(command: string): Promise<number> {
    this.answers = [];
    this.tell(command);
    await until(
      () => `an answer to ${command.slice(0, 60)}; the centre says: ${this.words}`,
      () => this.answers.length > 0,
      ANSWER_LIMIT_MS,
    );
    return this.answers[0]!;
  }

  private tell(command: string): void {
    this.child?.stdin?.write(`${command}\n`);
  }

  private hear(line: string): void {
    if (!line.startsWith("{")) return;
    const event = JSON.parse(line) as CentreEvent;
    if (event.event === "listening") this.listening = true;
    if (event.event === "bound") this.bound = true;
    if (event.event === "open") this.mostOpen = Math.max(this.mostOpen, event.count ?? 0);
    if (event.event === "answered") this.answers.push(event.status ?? -1);
    if (event.event !== "submit") return;
    const { id, esmClass, dataCoding } = event as unknown as CentreSubmit;
    const octets = Buffer.from(String(event.octets), "hex");
    this.submits.push({
      id,
      from: utf8(event.from),
      to: utf8(event.to),
      esmClass,
      dataCoding,
      octets,
      text: utf8(event.text),
    });
  }
}

/** What one number got: the parts of its message in their order, put together. */
export function receivedBy(
  submits: readonly CentreSubmit[],
  to: string,
): { text: string; parts: number; from: string } {
  const parts = submits.filter((submit) => submit.to === to);
  const ordered = parts.toSorted((a, b) => partNumber(a) - partNumber(b));
  return { text: ordered.map(({ text }) => text).join(""), parts: parts.length, from: parts[0]?.from ?? "" };
}

/** TS 23.040, 9.2.3.24.1 and .8: concatenation with a reference of 8 or 16 bits; 1 without. */
function partNumber({ esmClass, octets }: CentreSubmit): number {
  if ((esmClass & 0x40) === 0) return 1;
  return octets[1] === 0x08 ? octets[6]! : octets[5]!;
}
