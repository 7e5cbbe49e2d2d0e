/** `node schemas/generate.ts` writes generated/types.ts from the contracts; with --check it only says whether it is current. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readContracts } from "./contracts.ts";
import { typescriptTypes } from "./typescript-types.ts";

const target = join(import.meta.dirname, "generated", "types.ts");
const wanted = typescriptTypes(readContracts());
const current = existsSync(target) ? readFileSync(target, "utf8") : "";

if (process.argv.includes("--check")) {
  if (current === wanted) console.log("schemas/generated/types.ts is current");
  else {
    console.error("schemas/generated/types.ts is not current; run: node schemas/generate.ts");
    process.exitCode = 1;
  }
} else if (current === wanted) console.log("schemas/generated/types.ts was current");
else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, wanted);
  console.log("schemas/generated/types.ts written");
}
