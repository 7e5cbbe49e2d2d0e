/** What a command gets from the process. */
export interface CommandHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results, to standard output. */
  readonly print: (line: string) => void;
  /** Progress and complaints, to standard error. */
  readonly tell: (line: string) => void;
  /** A line on the terminal that the next one takes the place of, an empty one too; undefined where standard error is no terminal. */
  readonly progress?: (line: string) => void;
  /** Lets everything else on the machine go before this process, from now on. */
  readonly giveWay?: () => void;
}

/** One command of `sluice`. */
export interface Command {
  readonly summary: string;
  readonly help: string;
  /** Resolves with the exit code. @throws UsageError for wrong arguments; SluiceError for what is wrong elsewhere. */
  run(args: readonly string[], host: CommandHost): Promise<number>;
}

/** The arguments are wrong; the message says which. */
export class UsageError extends Error {
  readonly code = "USAGE";
}
