/** A page that has heard nothing for so long says so, ms; the server speaks every 5 s at least. */
const QUIET_MS = 12_000;
const AGAIN_MS = 2_000;

/** The newest overview, told to whoever listens; connects again by itself. */
export class Live {
  #listeners = new Set();
  #source;
  #timer;
  #again;
  state = undefined;
  /** "live", "waiting" */
  link = "waiting";

  start() {
    this.stop();
    this.#source = new EventSource("/api/live");
    this.#source.onmessage = ({ data }) => {
      this.state = JSON.parse(data);
      this.#say("live");
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#say("waiting"), QUIET_MS);
    };
    this.#source.onerror = () => {
      this.#say("waiting");
      if (this.#source.readyState !== EventSource.CLOSED) return;
      // Refused: by a session that has ended, which asking shows, or since too many pages are open.
      this.#again = setTimeout(() => {
        fetch("/api/session").then(
          ({ status }) => {
            if (status === 401) dispatchEvent(new Event("loggedout"));
            else this.start();
          },
          () => this.start(),
        );
      }, AGAIN_MS);
    };
  }

  stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
    this.#source?.close();
  }

  /** Calls with the newest state, at once where there is one. @returns a function that ends it */
  listen(listener) {
    this.#listeners.add(listener);
    if (this.state !== undefined) listener(this.state, this.link);
    return () => this.#listeners.delete(listener);
  }

  #say(link) {
    this.link = link;
    for (const listener of this.#listeners) listener(this.state, link);
  }
}
