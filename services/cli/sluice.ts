#!/usr/bin/env node
/** `sluice <command>`: tools for people who run Sluice. */
import { errorMessage, SluiceError } from "../../platform/errors/sluice-error.ts";
import { lowerPriority } from "../../platform/lifecycle/lower-priority.ts";
import { abnormalCommand } from "./abnormal/abnormal-command.ts";
import { archiveCommand, restoreCommand } from "./archive/archive-command.ts";
import { auditCommand } from "./audit-command.ts";
import { applyCommand } from "./catalog/apply-command.ts";
import { CATALOG_ACTIONS, catalogCommand } from "./catalog/catalog-command.ts";
import { type Command, type CommandHost, UsageError } from "./command.ts";
import { deadLettersCommand } from "./dead-letters/dead-letters-command.ts";
import { explainCommand } from "./explain/explain-command.ts";
import { keysCommand } from "./keys/keys-command.ts";
import { pricesCommand } from "./prices-command.ts";
import { sendCommand } from "./send/send-command.ts";
import { simulateCommand } from "./simulate/simulate-command.ts";
import { suppressionsCommand } from "./suppressions/suppressions-command.ts";
import { visibleText } from "./visible-text.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  abnormal: abnormalCommand,
  audit: auditCommand,
  apply: applyCommand,
  archive: archiveCommand,
  catalog: catalogCommand,
  "dead-letters": deadLettersCommand,
  explain: explainCommand,
  keys: keysCommand,
  prices: pricesCommand,
  restore: restoreCommand,
  send: sendCommand,
  simulate: simulateCommand,
  suppressions: suppressionsCommand,
};

/** Exit code of wrong arguments (`EX_USAGE` of sysexits.h), apart from that of a check that failed. */
const EXIT_USAGE = 64;

/** As shells say of a program that SIGPIPE has ended. */
const EXIT_PIPE = 141;

/** A client of a broker that does not answer keeps its sockets for minutes: the command has ended, and the terminal gets it back, ms. */
const LEAVE_MS = 2_000;

/** Runs one command; gives the exit code. */
export async function runCli(args: readonly string[], host: CommandHost): Promise<number> {
  const [name = "--help", ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const asked = name === "--help" || name === "-h" || name === "help";
    const meant = Object.hasOwn(CATALOG_ACTIONS, name) ? `; sluice catalog ${name} is one` : "";
    (asked ? host.print : host.tell)(asked ? overview() : `no command ${name}${meant}\n${overview()}`);
    return asked ? 0 : EXIT_USAGE;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    host.print(command.help);
    return 0;
  }
  try {
    return await command.run(rest, host);
  } catch (error) {
    if (error instanceof UsageError) {
      host.tell(`${error.message}\n${command.help}`);
      return EXIT_USAGE;
    }
    if (!(error instanceof SluiceError)) throw error;
    host.tell(errorMessage(error));
    return 2;
  }
}

function overview(): string {
  const names = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`);
  return ["usage: sluice <command> [options]; sluice <command> --help tells more", ...names].join("\n");
}

if (import.meta.main) {
  const host: CommandHost = {
    env: process.env,
    print: (line) => process.stdout.write(`${visibleText(line)}\n`),
    tell: (line) => process.stderr.write(`${visibleText(line)}\n`),
    ...(process.stderr.isTTY
      ? { progress: (line) => void process.stderr.write(`\r\u001b[2K${visibleText(line)}`) }
      : {}),
    giveWay: lowerPriority,
  };
  // Whoever reads it has seen enough, as `head` has.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? EXIT_PIPE : 2));
  try {
    process.exitCode = await runCli(process.argv.slice(2), host);
  } catch (error) {
    process.stderr.write(`${visibleText(errorMessage(error))}\n`);
    process.exitCode = 2;
  }
  setTimeout(() => process.exit(), LEAVE_MS).unref();
}
