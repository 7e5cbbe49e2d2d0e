import { createReadStream, existsSync, statSync } from "node:fs";

const POLL_MS = 300;

/** Prints a file's last `bytes` bytes and, while `follow`, what is appended; starts over when the file has been cut. */
export async function printLog(file: string, out: NodeJS.WritableStream, follow: boolean, bytes = 8192): Promise<void> {
  let position = existsSync(file) ? Math.max(0, statSync(file).size - bytes) : 0;
  for (;;) {
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size < position) position = 0;
    if (size > position) {
      for await (const chunk of createReadStream(file, { start: position, end: size - 1 })) out.write(chunk);
      position = size;
    }
    if (!follow) return;
    await new Promise((settle) => setTimeout(settle, POLL_MS));
  }
}
