/** The control port of a provider simulator. */
export class ProviderControl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * The provider takes what it is sent and says nothing any more. `acceptShare`: share of what it is sent meanwhile that
   * it delivers all the same, as a real one may.
   */
  async goDark(acceptShare: number): Promise<void> {
    await this.#send("PUT", "/settings", { dark: { acceptShare } });
    await this.#send("POST", "/dark", { mode: "silent" });
  }

  async goLight(): Promise<void> {
    await this.#send("POST", "/light", {});
  }

  async #send(method: string, path: string, body: object): Promise<void> {
    const url = `${this.#url}${path}`;
    const response = await fetch(url, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`${method} ${url} answers ${response.status}: ${await response.text()}`);
  }
}
