/** Hosts that nobody else can listen on the way to. A name without a dot is known in a private network only, such as that of containers. */
const NEAR = /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\]|[^.[\]]+)$/;

/** The host of an address when others can read what goes there: it is another machine's, and not encrypted. */
export function listenedTo(address: string): string | undefined {
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && !NEAR.test(hostname) ? hostname : undefined;
}
