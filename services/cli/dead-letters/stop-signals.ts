const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The first Ctrl-C or SIGTERM asks for an end at the next good moment; the second one ends the process as ever. */
export class StopSignals {
  private readonly onSignal: () => void;
  stopped = false;

  /** `onStop`: told of the first one. */
  constructor(onStop: () => void) {
    this.onSignal = () => {
      this.close();
      this.stopped = true;
      onStop();
    };
    for (const signal of SIGNALS) process.on(signal, this.onSignal);
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.onSignal);
  }
}
