import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { CONTROL_SIGNALS, type ControlRequest, type ControlResponse } from "./control-protocol.ts";
import type { Supervisor } from "./supervisor.ts";

const MAX_REQUEST_BYTES = 4096;

const parse = (line: string): ControlRequest => {
  const request = JSON.parse(line) as ControlRequest;
  if (request.do === "signal" && !CONTROL_SIGNALS.includes(request.signal)) {
    throw new Error(`signal ${request.signal}: expected one of ${CONTROL_SIGNALS.join(", ")}`);
  }
  return request;
};

async function carryOut(supervisor: Supervisor, request: ControlRequest): Promise<void> {
  switch (request.do) {
    case "status":
      return;
    case "signal":
      return supervisor.signal(request.name, request.signal, request.keepDown);
    case "start":
      return supervisor.start(request.name);
    case "stop":
      return supervisor.stop(request.name);
    case "restart":
      await supervisor.stop(request.name);
      return supervisor.start(request.name);
    case "scale":
      return supervisor.scale(request.name, request.instances);
    default:
      throw new Error(`unknown request ${JSON.stringify((request as { do: unknown }).do)}`);
  }
}

async function answer(supervisor: Supervisor, line: string): Promise<ControlResponse> {
  try {
    const request = parse(line);
    await carryOut(supervisor, request);
    return { ok: true, processes: await supervisor.status(request.do === "status" && request.probe) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function serve(supervisor: Supervisor, socket: Socket): void {
  let received = "";
  socket.setEncoding("utf8");
  socket.on("error", () => {}); // the client has gone; nobody waits for the answer
  socket.on("data", (chunk: string) => {
    received += chunk;
    if (received.length > MAX_REQUEST_BYTES) socket.destroy();
    const end = received.indexOf("\n");
    if (end === -1) return;
    socket.pause();
    void answer(supervisor, received.slice(0, end)).then((response) => socket.end(JSON.stringify(response)));
  });
}

/** Opens the control socket; only the user who started the cluster can reach it (mode 0600). */
export async function openControlServer(supervisor: Supervisor, socketPath: string): Promise<Server> {
  rmSync(socketPath, { force: true }); // left by a killed supervisor: the pid file has been claimed, so nobody listens
  // allowHalfOpen stays false: a client that goes away must not hold a socket.
  const server = createServer((socket) => serve(supervisor, socket));
  const previous = process.umask(0o177);
  try {
    await new Promise<void>((settle, fail) => {
      server.once("error", fail);
      server.listen(socketPath, settle);
    });
  } finally {
    process.umask(previous);
  }
  return server;
}
