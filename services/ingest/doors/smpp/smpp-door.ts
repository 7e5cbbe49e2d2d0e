import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { mayDo, type Scope } from "../../../../domain/catalog/access-key.ts";
import type { BindCommand } from "../../../../domain/smpp/command-id.ts";
import { commandStatus } from "../../../../domain/smpp/command-status.ts";
import type { BindPdu } from "../../../../domain/smpp/pdu.ts";
import { versionTlvs } from "../../../../domain/smpp/server/interface-version.ts";
import { SmppSession } from "../../../../domain/smpp/session.ts";
import { errorMessage, SluiceError } from "../../../../platform/errors/sluice-error.ts";
import type { Log } from "../../../../platform/log/log.ts";
import type { Account, KnownKey } from "../../access/api-keys.ts";
import type { FailedLogins } from "../../access/failed-logins.ts";
import { networkOf } from "../../access/source-network.ts";
import { BindGuard } from "./bind-guard.ts";
import { loginOf, type SmppAccounts, type SmppLogin } from "./smpp-accounts.ts";
import { type BindTerms, SmppBind } from "./smpp-bind.ts";

export interface SmppDoorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Files of the certificate chain and its key; undefined: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly maxConnections: number;
  readonly bindsPerAccount: number;
  readonly receiptWindow: number;
  readonly sessionInitMs: number;
  readonly enquireLinkMs: number;
  readonly responseTimeoutMs: number;
  readonly accounts: () => SmppAccounts;
  /** Those of all doors. */
  readonly failures: Pick<FailedLogins, "judge">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly bind: BindTerms;
  /** Told of binds that may receive, and when there is room on one again. */
  readonly receipts: {
    add(bind: SmppBind): void;
    remove(bind: SmppBind): void;
    capacity(bind: SmppBind): void;
  };
  readonly log: Log;
}

/** How often it is looked whose key has ended, ms. */
const REVIEW_EVERY_MS = 500;
/** What a bind needs its key for. */
const SCOPES: Readonly<Record<BindCommand, readonly Scope[]>> = {
  bind_transmitter: ["send"],
  bind_receiver: ["read"],
  bind_transceiver: ["send", "read"],
};

/** The name that binds are answered with. */
const SYSTEM_ID = "sluice";

/** Takes SMPP clients in. */
export class SmppDoor {
  /** Connections that were closed because there were too many. */
  refused = 0;
  private readonly options: SmppDoorOptions;
  private readonly guard = new BindGuard();
  private readonly sessions = new Set<SmppSession>();
  private readonly binds = new Map<SmppSession, SmppBind>();
  /** Whose bind is being looked at; by its name where that has to wait. */
  private readonly binding = new Map<SmppSession, string | undefined>();
  private server: Server | undefined;
  private draining = false;
  private reviews: NodeJS.Timeout | undefined;

  constructor(options: SmppDoorOptions) {
    this.options = options;
  }

  /** @throws SluiceError PORT_UNAVAILABLE, SMPP_TLS_INVALID */
  async start(): Promise<void> {
    const { host, port, tls, maxConnections, sessionInitMs } = this.options;
    const accept = (socket: Socket) => this.accept(socket);
    this.server = tls === undefined ? createServer(accept) : tlsServer(tls, sessionInitMs, accept);
    this.server.maxConnections = maxConnections;
    this.server.on("drop", () => void this.refused++);
    // A client that fails to agree on TLS, or is silent, is let go here: Node tells of it, and leaves its connection open after a time-out.
    this.server.on("tlsClientError", (_error, socket) => socket.destroy());
    await listen(this.server, host, port);
    this.reviews = setInterval(() => this.review(), REVIEW_EVERY_MS).unref();
  }

  get port(): number {
    return (this.server!.address() as AddressInfo).port;
  }

  /** Open connections, bound or not. */
  get connections(): number {
    return this.sessions.size;
  }

  /** The binds that there are. */
  get bound(): readonly SmppBind[] {
    return [...this.binds.values()];
  }

  /** Submissions that wait for their turn. */
  get holding(): number {
    let held = 0;
    for (const bind of this.binds.values()) held += bind.holding;
    return held;
  }

  /** Takes nobody in any more, answers what is under way, and unbinds from each client; what remains at the deadline is cut off. */
  async drain(deadlineMs: number): Promise<void> {
    this.draining = true;
    clearInterval(this.reviews);
    this.server?.close();
    const endsAt = performance.now() + deadlineMs;
    for (const session of [...this.sessions]) {
      const bind = this.binds.get(session);
      if (bind === undefined) session.unbind();
      else bind.drain();
    }
    while (this.sessions.size > 0 && performance.now() < endsAt) await sleep(20);
    for (const session of [...this.sessions]) session.destroy({ code: "closed_here", detail: "the process stops" });
  }

  /**
   * Looks at each bind as if it were made now: who may not bind any more gets the answers to what is under way and is let go, and so are the youngest of an
   * account above its number; for the others the account's terms are those of now. To be called when accounts have changed.
   */
  review(): void {
    const accounts = this.options.accounts();
    const now = this.options.now();
    const counts = new Map<string, number>();
    for (const bind of this.binds.values()) {
      if (bind.isLeaving) continue;
      const known = accounts.find(bind.login, now);
      if (known === undefined || known.account.id !== bind.account.id || !mayBind(known, bind.session.bindType!)) {
        this.letGo(bind, "its key was withdrawn or has expired");
        continue;
      }
      const count = (counts.get(known.account.id) ?? 0) + 1;
      if (count > this.most(known.account)) {
        this.letGo(bind, "its account may have fewer binds now");
        continue;
      }
      counts.set(known.account.id, count);
      bind.goOnAs(known);
    }
  }

  private letGo(bind: SmppBind, why: string): void {
    if (bind.receives) this.options.receipts.remove(bind);
    this.options.log.info(
      { account: bind.account.id, systemId: bind.login.systemId },
      `an SMPP client is let go: ${why}`,
    );
    bind.drain();
  }

  private accept(socket: Socket): void {
    const { receiptWindow, responseTimeoutMs, enquireLinkMs, sessionInitMs, receipts } = this.options;
    if (this.draining) {
      socket.destroy();
      return;
    }
    const address = socket.remoteAddress ?? "";
    const bindOf = () => this.binds.get(session);
    const session: SmppSession = new SmppSession(
      socket,
      { window: receiptWindow, responseTimeoutMs, enquireLinkMs },
      {
        onBind: (pdu) => void this.bind(pdu, session, address),
        onSubmit: (pdu) => bindOf()?.submit(pdu),
        onDeliver: (pdu) => bindOf()?.deliver(pdu),
        onRequest: (pdu) => bindOf()?.request(pdu),
        onPeerUnbind: () => bindOf()?.peerUnbinds(),
        onCapacity: () => {
          const bind = bindOf();
          if (bind !== undefined) receipts.capacity(bind);
        },
        onClose: (reason) => {
          clearTimeout(unbound);
          this.sessions.delete(session);
          const waited = this.binding.get(session);
          if (waited !== undefined) this.guard.gaveUp(address, waited, performance.now());
          this.binding.delete(session);
          const bind = bindOf();
          this.binds.delete(session);
          bind?.close();
          if (bind?.receives) receipts.remove(bind);
          this.options.log.debug({ account: bind?.account.id, reason: reason.code }, "an SMPP client has gone");
        },
      },
    );
    const unbound = setTimeout(() => {
      if (session.state === "open" && !this.binding.has(session))
        session.close({ code: "bind_timeout", detail: "no bind in time" });
    }, sessionInitMs).unref();
    this.sessions.add(session);
  }

  private async bind(pdu: BindPdu, session: SmppSession, address: string): Promise<void> {
    // One at a time on a connection: a second one, while the first waits, is told that it is bound.
    if (this.binding.has(session)) {
      session.respond(`${pdu.command}_resp`, commandStatus.ESME_RALYBND, pdu.sequence);
      return;
    }
    const delay = this.guard.delayMs(address, pdu.systemId, performance.now());
    this.binding.set(session, delay === undefined || delay === 0 ? undefined : pdu.systemId);
    if (delay !== undefined && delay > 0) await sleep(delay);
    if (session.state !== "open") return;
    this.binding.delete(session);
    const login = loginOf(pdu.systemId, pdu.password);
    const known = delay === undefined ? "unseen" : this.known(login, pdu.systemId, address);
    const status = this.statusOf(known, pdu.command);
    this.options.bind.metrics.bound(status);
    if (typeof known === "string") this.tellOfFailure(pdu, address, known === "unseen");
    else this.guard.succeeded(address, pdu.systemId);
    if (login !== undefined && typeof known === "object" && status === commandStatus.ESME_ROK) {
      const bind = new SmppBind(session, known, { interfaceVersion: pdu.interfaceVersion, login }, this.options.bind);
      this.binds.set(session, bind);
      session.respondBind(pdu, status, SYSTEM_ID, versionTlvs(pdu.interfaceVersion));
      if (bind.receives) this.options.receipts.add(bind);
    } else session.respondBind(pdu, status, SYSTEM_ID);
  }

  /** Whom a login is of. Unseen: too many wrong ones have come, and it was not looked at. */
  private known(login: SmppLogin | undefined, systemId: string, address: string): KnownKey | "unknown" | "unseen" {
    const accounts = this.options.accounts();
    const found = login === undefined ? undefined : accounts.find(login, this.options.now());
    const key = found === undefined ? undefined : `${found.account.id}/${found.key.id}`;
    // A password has few characters, so tries are counted by account whether right or wrong; an API key needs no such bound.
    const isApiKey = found?.account.apiKeys.includes(found.key) === true;
    const account = isApiKey ? undefined : accounts.named(systemId);
    const tried = { source: networkOf(address), account, key };
    if (this.options.failures.judge(tried, performance.now()).outcome === "throttled") return "unseen";
    return found ?? "unknown";
  }

  private statusOf(known: KnownKey | "unknown" | "unseen", command: BindCommand): number {
    if (this.draining || known === "unseen") return commandStatus.ESME_RBINDFAIL;
    if (known === "unknown") return commandStatus.ESME_RINVPASWD;
    if (!mayBind(known, command)) {
      const { account, key } = known;
      this.options.log
        .every("smpp-bind-scope", 5_000)
        .warn(
          { account: account.id, key: key.id, command },
          "an SMPP client was not let in: its key has not the scope",
        );
      return commandStatus.ESME_RBINDFAIL;
    }
    let binds = 0;
    for (const one of this.binds.values()) if (!one.isLeaving && one.account.id === known.account.id) binds++;
    return binds >= this.most(known.account) ? commandStatus.ESME_RALYBND : commandStatus.ESME_ROK;
  }

  private most({ smpp }: Account): number {
    return smpp?.maxBinds ?? this.options.bindsPerAccount;
  }

  private tellOfFailure({ systemId }: BindPdu, address: string, unseen: boolean): void {
    if (!unseen) this.guard.failed(address, systemId, performance.now());
    this.options.log
      .every("smpp-bind-refused", 5_000)
      .warn({ address, systemId: systemId.slice(0, 64) }, "an SMPP client was not let in: wrong system_id or password");
  }
}

function mayBind({ key }: KnownKey, command: BindCommand): boolean {
  return SCOPES[command].every((scope) => mayDo(key, scope));
}

function tlsServer(
  { cert, key }: { cert: string; key: string },
  handshakeTimeout: number,
  accept: (socket: Socket) => void,
): Server {
  try {
    const files = { cert: readFileSync(cert), key: readFileSync(key) };
    return createTlsServer({ ...files, minVersion: "TLSv1.2", handshakeTimeout }, accept);
  } catch (error) {
    const message = `SLUICE_SMPP_TLS_CERT and SLUICE_SMPP_TLS_KEY cannot be used: ${errorMessage(error)}`;
    throw new SluiceError(message, { code: "SMPP_TLS_INVALID", class: "permanent", cause: error });
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE" ? "another process has it; choose another with SLUICE_SMPP_PORT" : cause.message;
      const message = `the SMPP door cannot listen on ${host}:${port}: ${why}`;
      reject(new SluiceError(message, { code: "PORT_UNAVAILABLE", cause }));
    });
    server.listen(port, host, resolve);
  });
}
