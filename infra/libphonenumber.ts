import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A release of the Python package that carries libphonenumber's data. With another: its hash (`pip hash`), and the day on which it was taken. */
export interface PhoneNumbersRelease {
  readonly package: "phonenumbers";
  readonly version: string;
  readonly sha256: string;
  readonly taken: string;
}

/**
 * What a program in Python writes of the package as one JSON object; it gets the package's path as its argument. Downloads the package through pip,
 * checks its hash, and runs nothing of it but its tables.
 */
export function readPhoneNumbers<Value>(release: PhoneNumbersRelease, program: string): Map<string, Value> {
  const folder = mkdtempSync(join(tmpdir(), "phonenumbers-"));
  try {
    const wanted = `${release.package}==${release.version}`;
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, wanted];
    execFileSync("python3", pip, { stdio: ["ignore", "inherit", "inherit"] });
    const wheel = readdirSync(folder).find((file) => file.endsWith(".whl"));
    if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${wanted}`);
    const path = join(folder, wheel);
    const sum = execFileSync("python3", ["-m", "pip", "hash", "--algorithm", "sha256", path], { encoding: "utf8" });
    if (!sum.includes(release.sha256)) throw new Error(`${wheel} has another hash than expected: ${sum.trim()}`);
    const json = execFileSync("python3", ["-c", program, path], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
    return new Map(Object.entries(JSON.parse(json) as Record<string, Value>));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
