/** A page's text, of so many octets at the most. @throws Error when it does not come whole within the time, or is too large */
export async function fetchText(url: string, limit: { readonly ms: number; readonly octets: number }): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(limit.ms), redirect: "error" });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const part of response.body ?? []) {
    octets += part.byteLength;
    if (octets > limit.octets) throw new Error(`it has more than ${limit.octets} octets`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Posts JSON. @throws Error when it was not taken within the time; the address, which may be a secret, is not in its message */
export async function postJson(url: string, body: string, ms: number): Promise<void> {
  let status: number;
  try {
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(ms);
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "error" });
    await response.body?.cancel();
    ({ status } = response);
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    throw new Error(`it cannot be reached: ${cause?.code ?? (error as Error).name}`);
  }
  if (status >= 300) throw new Error(`it answered ${status}`);
}
