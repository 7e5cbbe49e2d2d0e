import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";

const POLL_MS = 300;
const MAX_LINE = 500;

/** A file's last lines, indented, of each at most the first 500 characters: what an error message tells of a log. */
export function lastLines(file: string, count: number): string {
  if (!existsSync(file)) return "";
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines
    .slice(-count)
    .map((line) => `    ${line.slice(0, MAX_LINE)}`)
    .join("\n");
}

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
