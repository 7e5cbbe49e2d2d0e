/** `node services/console/hash-password.ts`: reads a password from standard input, one line, and prints what a users' file keeps of it. */
import { text } from "node:stream/consumers";
import { hashPassword, MAX_PASSWORD } from "./access/passwords.ts";

const SHORTEST = 12;

if (process.stdin.isTTY) process.stderr.write("The password, then Enter and Ctrl-D (it is shown as you type):\n");
const password = (await text(process.stdin)).replace(/\r?\n$/, "");
if (password.length < SHORTEST || password.length > MAX_PASSWORD || password.includes("\n")) {
  process.stderr.write(`a password is one line of ${SHORTEST} to ${MAX_PASSWORD} characters\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${await hashPassword(password)}\n`);
}
