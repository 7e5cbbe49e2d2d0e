import { connect } from "node:net";
import {
  type ControlRequest,
  type ControlResponse,
  type ControlSignal,
  controlSocket,
  type ProcessHealth,
} from "./control-protocol.ts";
import { LONGEST_READY_MS, LONGEST_STOP_MS } from "./process-spec.ts";

export class ControlError extends Error {}

/** The supervisor's word is waited for so long, ms: until a process has ended, another one is ready, and all have been asked how they are. */
export const REQUEST_TIMEOUT_MS = LONGEST_STOP_MS + LONGEST_READY_MS + 5_000;

const exchange = (socketPath: string, request: ControlRequest): Promise<ControlResponse> =>
  new Promise((settle, fail) => {
    let answer = "";
    const socket = connect({ path: socketPath });
    socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy(new Error(`no answer to ${request.do} in time`)));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.once("error", (cause) => fail(new ControlError(`supervisor not reachable: ${cause.message}`, { cause })));
    socket.once("end", () => {
      try {
        settle(JSON.parse(answer) as ControlResponse);
      } catch (cause) {
        fail(new ControlError("the supervisor ended before it answered", { cause }));
      }
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });

/**
 * Talks to the supervisor of the cluster in `stateDir`. Every method throws ControlError when no supervisor answers, when
 * it knows no process of that name, or when the request makes no sense for that process.
 */
export class ControlClient {
  readonly #socketPath: string;

  constructor(stateDir: string) {
    this.#socketPath = controlSocket(stateDir);
  }

  /** All processes. `probe`: ask each whether it does its work (up to 2 s for one that does not answer). */
  status(options: { probe?: boolean } = {}): Promise<ProcessHealth[]> {
    return this.#request({ do: "status", probe: options.probe ?? false });
  }

  /**
   * Sends a signal to a process. One that dies of it is started again like any crashed one, unless `keepDown`; SIGKILL
   * resolves when it is gone.
   */
  async signal(name: string, signal: ControlSignal, options: { keepDown?: boolean } = {}): Promise<void> {
    await this.#request({ do: "signal", name, signal, keepDown: options.keepDown ?? false });
  }

  /** Starts a stopped or failed process; resolves when it is ready. */
  async start(name: string): Promise<void> {
    await this.#request({ do: "start", name });
  }

  /** Ends a process and keeps it down. */
  async stop(name: string): Promise<void> {
    await this.#request({ do: "stop", name });
  }

  /** Ends a process and starts it again; resolves when it is ready. */
  async restart(name: string): Promise<void> {
    await this.#request({ do: "restart", name });
  }

  /** Runs exactly `instances` of a process (name, name-2, name-3, …); resolves when they are ready, the others gone. */
  async scale(name: string, instances: number): Promise<void> {
    await this.#request({ do: "scale", name, instances });
  }

  async #request(request: ControlRequest): Promise<ProcessHealth[]> {
    const response = await exchange(this.#socketPath, request);
    if (!response.ok) throw new ControlError(response.error);
    return response.processes;
  }
}
