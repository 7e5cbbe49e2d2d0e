import type { Request } from "express";
import { ProblemError } from "../../../platform/http/problem.ts";
import type { Log } from "../../../platform/log/log.ts";
import { isFromThisPage, REQUEST_MARK } from "../http/same-origin.ts";
import type { SessionCookie } from "../http/session-cookie.ts";
import { LoginAttempts } from "./login-attempts.ts";
import { useOneTimeLogin } from "./one-time-login.ts";
import { MAX_PASSWORD } from "./passwords.ts";
import { mayAs, type Person, type Role } from "./roles.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { Users } from "./users.ts";

export interface GateOptions {
  readonly sessions: Sessions;
  readonly users: Users;
  readonly cookie: SessionCookie;
  readonly oneTimeFile: string;
  readonly log: Log;
  /** Monotonic, ms. */
  readonly now: () => number;
  /** Epoch, ms: of file times. */
  readonly wallClock: () => number;
}

/** A person needs no more; whoever tries passwords gets no further than this. */
const BY_NAME = { burst: 5, everyMs: 20_000 };
const BY_ADDRESS = { burst: 20, everyMs: 3_000 };
/** Passwords that are checked at the same time: each takes 32 MiB. */
const MAX_CHECKS = 4;

/** Who is let in, and to what. */
export class Gate {
  private readonly options: GateOptions;
  private readonly byName = new LoginAttempts(BY_NAME);
  private readonly byAddress = new LoginAttempts(BY_ADDRESS);
  private checks = 0;

  constructor(options: GateOptions) {
    this.options = options;
  }

  /** Of the request's session; undefined when it has none that lasts. */
  sessionOf(request: Request): Session | undefined {
    const { sessions, cookie, now } = this.options;
    return sessions.of(cookie.read(request.headers.cookie), now());
  }

  /** @throws ProblemError 401, or 403 when the role may not */
  personOf(request: Request, needed: Role): Person {
    const session = this.sessionOf(request);
    if (session === undefined) throw new ProblemError({ status: 401, code: "NOT_LOGGED_IN", title: "Log in first" });
    if (mayAs(session.person.role, needed)) return session.person;
    const { name: person, role } = session.person;
    const { log } = this.options;
    log
      .every(`role-may-not-${person}`, 1_000)
      .warn({ person, role, needed, path: request.path }, "a role may not do this");
    const detail = `this needs the role ${needed}; yours is ${role}`;
    throw new ProblemError({ status: 403, code: "ROLE_MAY_NOT", title: "Your role may not do this", detail });
  }

  /** @throws ProblemError 403 for a request that changes something and does not come from this console's page */
  requireThisPage(request: Request): void {
    if (isFromThisPage(request.headers)) return;
    const detail = `requests that change something come from the console's own page, with the header ${REQUEST_MARK}`;
    throw new ProblemError({ status: 403, code: "OTHER_ORIGIN", title: "The request comes from elsewhere", detail });
  }

  /**
   * Lets somebody in by name and password, or by a one-time login. @returns the person and the session's token
   * @throws ProblemError 400, 401 or 429
   */
  async logIn(body: unknown, address: string): Promise<{ readonly person: Person; readonly token: string }> {
    const { sessions, log, now } = this.options;
    const asked = readLogin(body);
    const person = await this.personWho(asked, address);
    if (person === undefined) {
      log.warn({ address, way: asked.way }, "a login was refused");
      const title = asked.way === "password" ? "Name or password is wrong" : "This login has been used, or is too old";
      throw new ProblemError({ status: 401, code: "LOGIN_REFUSED", title });
    }
    log.info({ person: person.name, role: person.role, address }, "logged in");
    return { person, token: sessions.begin(person, now()) };
  }

  logOut(request: Request): void {
    const token = this.options.cookie.read(request.headers.cookie);
    if (token !== undefined) this.options.sessions.end(token);
  }

  /** Ends the sessions of people who have been taken out of the users' file, or are in another role. */
  refresh(): void {
    const { sessions, users, log } = this.options;
    try {
      sessions.keep((person) => person.name === "one-time login" || users.stillHas(person));
    } catch (err) {
      log.every("users-file", 60_000).warn({ err }, "the users' file cannot be read: sessions stay as they are");
    }
  }

  private async personWho(asked: Login, address: string): Promise<Person | undefined> {
    this.limit(this.byAddress, address);
    const { oneTimeFile, wallClock, users } = this.options;
    if (asked.way === "one-time") return useOneTimeLogin(oneTimeFile, asked.token, wallClock());
    this.limit(this.byName, asked.name);
    if (this.checks >= MAX_CHECKS) throw tooMany(1_000);
    this.checks++;
    try {
      const person = await users.logIn(asked.name, asked.password);
      if (person !== undefined) this.byName.forget(asked.name);
      return person;
    } finally {
      this.checks--;
    }
  }

  private limit(attempts: LoginAttempts, key: string): void {
    const late = attempts.take(key, this.options.now());
    if (late > 0) throw tooMany(late);
  }
}

type Login =
  | { readonly way: "password"; readonly name: string; readonly password: string }
  | { readonly way: "one-time"; readonly token: string };

function readLogin(body: unknown): Login {
  const { name, password, token } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof token === "string" && token.length <= 128) return { way: "one-time", token };
  if (typeof name === "string" && typeof password === "string" && name.length <= 64 && password.length <= MAX_PASSWORD)
    return { way: "password", name, password };
  const detail = 'give "name" and "password", or "token"';
  throw new ProblemError({ status: 400, code: "INVALID_LOGIN", title: "This is no login", detail });
}

function tooMany(ms: number): ProblemError {
  const seconds = String(Math.max(1, Math.ceil(ms / 1_000)));
  const detail = `wait ${seconds} s, then try again`;
  return new ProblemError(
    { status: 429, code: "TOO_MANY_LOGINS", title: "Too many logins were tried", detail },
    { headers: { "retry-after": seconds } },
  );
}
