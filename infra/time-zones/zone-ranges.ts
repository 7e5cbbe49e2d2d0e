import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The release whose data is taken. With another: its hash (`pip hash`), and the day on which it was taken. */
export const ZONE_SOURCE = {
  package: "phonenumbers",
  version: "9.0.43",
  sha256: "349bc799f15e010e35bd2c7d28149950ae74479cb1e11fb054ed9a95ecb4b437",
  taken: "2026-12-01",
} as const;

const PRINT = `
import json, sys
sys.path.insert(0, sys.argv[1])
from phonenumbers.tzdata import TIMEZONE_DATA
json.dump({prefix: list(zones) for prefix, zones in TIMEZONE_DATA.items()}, sys.stdout)
`;

/**
 * Time zones by number prefix (digits with the country code), as libphonenumber has them: Google's data, which the Python package carries
 * unchanged, all zones of a prefix. Downloads that package through pip, checks its hash, runs nothing of it but its tables.
 */
export function readZoneRanges(): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), "zone-ranges-"));
  try {
    const wanted = `${ZONE_SOURCE.package}==${ZONE_SOURCE.version}`;
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, wanted];
    execFileSync("python3", pip, { stdio: ["ignore", "inherit", "inherit"] });
    const wheel = readdirSync(folder).find((file) => file.endsWith(".whl"));
    if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${wanted}`);
    const path = join(folder, wheel);
    const sum = execFileSync("python3", ["-m", "pip", "hash", "--algorithm", "sha256", path], { encoding: "utf8" });
    if (!sum.includes(ZONE_SOURCE.sha256)) throw new Error(`${wheel} has another hash than expected: ${sum.trim()}`);
    const json = execFileSync("python3", ["-c", PRINT, path], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
    return new Map(Object.entries(JSON.parse(json) as Record<string, string[]>));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
