import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Waits until `condition` holds; fails with `what` after `ms`. */
export async function until(condition: () => boolean, what: string, ms = 5_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A listening server on a free port of the loopback address. */
export async function listen(onSocket: (socket: Socket) => void, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer(onSocket);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, port: address.port };
}

/** Two connected sockets. */
export async function socketPair(): Promise<{ client: Socket; server: Socket; close: () => void }> {
  const accepted = Promise.withResolvers<Socket>();
  const { server: listener, port } = await listen((socket) => accepted.resolve(socket));
  const client = connect({ port, host: "127.0.0.1" });
  await once(client, "connect");
  const server = await accepted.promise;
  return {
    client,
    server,
    close: () => {
      client.destroy();
      server.destroy();
      listener.close();
    },
  };
}
