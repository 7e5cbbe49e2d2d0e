import { parse, stringify } from "node:querystring";
import { withoutEnd } from "../../../domain/text/without-end.ts";

/** `scheme://`, then everything up to the path, then the path with all that follows. */
const PARTS = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)[^#]*(#.*)?$/i;

/** What stands before the path of an address. */
interface Authority {
  /** With its `://`. */
  readonly scheme: string;
  /** With its `@`, or empty. */
  readonly user: string;
  readonly host: string;
  /** With its colon, or empty. */
  readonly port: string;
}

/**
 * The address of a provider's callbacks as the catalog writes it, and every spelling of it that a signature may be over.
 * Twilio signs the address with or without its port, and as it stands or as a URL parser writes it; its SDKs (npm twilio
 * 5 and 6, PyPI twilio 9) try these spellings one after the other, and so do we. Scheme, host, and a port that is written
 * must be the catalog's: a signature for another service of the same account is none for this one.
 */
export class CallbackAddress {
  private readonly authorities: readonly string[];
  private readonly path: string;
  private readonly fragment: string;
  private readonly replacesOriginOnly: boolean;

  /**
   * @param publicUrl where providers reach this server, with the path in front of ours; undefined: as in `catalogUrl`, of
   * which the path counts as well, for a proxy may take a part of it away.
   */
  constructor(catalogUrl: string, publicUrl: string | undefined) {
    const address = publicUrl ?? catalogUrl;
    const [, scheme = "", authority = "", path = "", fragment = ""] = PARTS.exec(address) ?? [];
    this.authorities = authoritiesOf(scheme, authority, address);
    this.path = path;
    this.fragment = fragment;
    this.replacesOriginOnly = publicUrl === undefined;
  }

  /** The spellings, the likeliest first. `target`: path and query as they were asked for. */
  *spellings(target: string): Generator<string> {
    const seen = new Set<string>();
    for (const rest of this.rests(target)) {
      if (seen.has(rest)) continue;
      seen.add(rest);
      for (const authority of this.authorities) yield authority + rest;
    }
  }

  private *rests(target: string): Generator<string> {
    for (const path of this.paths(target)) {
      yield path;
      // PyPI's validator drops a question mark without a query.
      if (path.endsWith("?")) yield path.slice(0, -1);
      yield* parsedForms(path);
      // Connection overrides (#rc=2) are a part of the address for Twilio, and never reach a server.
      if (this.fragment !== "") yield path + this.fragment;
    }
  }

  private *paths(target: string): Generator<string> {
    if (!this.replacesOriginOnly) {
      yield this.path + target;
      return;
    }
    yield target;
    const query = target.indexOf("?");
    const asked = query < 0 ? target : target.slice(0, query);
    // A proxy has taken the front of the path away, or put a slash behind it.
    if (asked !== this.path && bare(this.path).endsWith(bare(asked)))
      yield this.path + (query < 0 ? "" : target.slice(query));
  }
}

/** As a URL parser writes path and query, and with the query as Node's querystring module writes it. */
function* parsedForms(rest: string): Generator<string> {
  const url = URL.parse(`http://host${rest}`);
  if (url === null) return;
  yield url.pathname + url.search;
  if (url.search !== "") yield `${url.pathname}?${stringify(parse(url.search.slice(1)))}`;
}

function authoritiesOf(scheme: string, text: string, address: string): string[] {
  const userEnd = text.lastIndexOf("@") + 1;
  const hostAndPort = text.slice(userEnd);
  // The colons in an IPv6 address are no ports.
  const colon = hostAndPort.indexOf(":", hostAndPort.lastIndexOf("]") + 1);
  const written: Authority = {
    scheme,
    user: text.slice(0, userEnd),
    host: colon < 0 ? hostAndPort : hostAndPort.slice(0, colon),
    port: colon < 0 ? "" : hostAndPort.slice(colon),
  };
  const url = new URL(address);
  const password = url.password === "" ? "" : `:${url.password}`;
  const parsed: Authority = {
    scheme: `${url.protocol}//`,
    user: url.username === "" && password === "" ? "" : `${url.username}${password}@`,
    host: url.hostname,
    port: url.port === "" ? "" : `:${url.port}`,
  };
  const spellings = new Set<string>();
  // A user name is signed along. Who checks by the Host header does without it, and so do signers made for that.
  for (const withUser of [true, false])
    for (const { scheme, user, host, port } of [written, parsed])
      for (const end of portsOf(port, url.protocol)) spellings.add(`${scheme}${withUser ? user : ""}${host}${end}`);
  return [...spellings];
}

/** A port that is written may be left out, and the scheme's own may be written out; never another. */
function portsOf(port: string, protocol: string): string[] {
  const own = protocol === "https:" ? ":443" : ":80";
  return port === "" || port === ":" ? ["", own] : [port, ""];
}

function bare(path: string): string {
  return withoutEnd(path, /^\/$/);
}
