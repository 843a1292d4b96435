import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Bench } from "./types";

/** npm run bench -- NAME [--json FILE] [options of the benchmark]: a module `NAME.ts` beside this file or in planner/. */
const folders = ["./", "./planner/"];
const notBenches = new Set(["bench", "types"]);

function find(name: string): string | null {
  return folders.map((folder) => fileURLToPath(new URL(`${folder}${name}.ts`, import.meta.url))).find((file) => existsSync(file)) ?? null;
}

function names(): string[] {
  return folders.flatMap((folder) => {
    const directory = fileURLToPath(new URL(folder, import.meta.url));
    if (!existsSync(directory)) return [];
    return readdirSync(directory).filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3)).filter((name) => !notBenches.has(name));
  });
}

const [name, ...rest] = process.argv.slice(2);
const at = rest.indexOf("--json");
const json = at >= 0 ? rest[at + 1] : undefined;
const args = at >= 0 ? rest.toSpliced(at, 2) : rest;
const file = name && /^[a-z0-9-]+$/.test(name) ? find(name) : null;
const bench = file ? ((await import(file)) as { run?: Bench }) : null;
if (!bench?.run) {
  console.error(`Name one benchmark: npm run bench -- NAME [--json FILE]. There are: ${names().join(", ")}`);
  process.exit(2);
}
const result = await bench.run({ args });
const width = Math.max(...result.rows.map((row) => row.label.length));
for (const row of result.rows) {
  const value = typeof row.value === "number" ? Number(row.value.toPrecision(4)) : row.value;
  console.log(`${row.label.padEnd(width)}  ${value} ${row.unit}${row.goal ? `   goal: ${row.goal}${row.held === undefined ? "" : row.held ? " (held)" : " (NOT held)"}` : ""}`);
}
if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.exit(0);
