/** The cookie that carries the session's token (RFC 6265bis): scripts cannot read it, and no other site's request takes it along. */
export class SessionCookie {
  private readonly name: string;
  private readonly attributes: string;

  /** `secure`: browsers reach the console by https, and are to send the cookie no other way. */
  constructor(secure: boolean) {
    this.name = secure ? "__Host-sluice" : "sluice";
    this.attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
  }

  /** The token in a request's Cookie header. */
  read(header: string | undefined): string | undefined {
    for (const pair of (header ?? "").split(";")) {
      const cut = pair.indexOf("=");
      if (cut > 0 && pair.slice(0, cut).trim() === this.name) return pair.slice(cut + 1).trim();
    }
    return undefined;
  }

  /** The Set-Cookie header that gives the browser a token. */
  give(token: string): string {
    return `${this.name}=${token}; ${this.attributes}`;
  }

  /** The one that takes it away. */
  take(): string {
    return `${this.name}=; ${this.attributes}; Max-Age=0`;
  }
}
