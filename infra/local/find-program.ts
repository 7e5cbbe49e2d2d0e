import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** The program that runs under a name, as a shell finds it; undefined when there is none. */
export function programOf(command: string, path: string): string | undefined {
  const candidates = command.includes("/")
    ? [resolve(command)]
    : path.split(delimiter).map((folder) => join(folder, command));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}
