import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { labSupport } from "@/server/lab";
import { STEP_IDS, type Evidence } from "@/server/lab/demo/evidence";

const root = fileURLToPath(new URL("../..", import.meta.url));
const support = await labSupport();
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** As a person's shell has it: nothing of the test runner's, and no database of somebody's own. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !["NODE_ENV", "VITEST", "DATABASE_URL"].includes(name))) as NodeJS.ProcessEnv;

/** Plays the whole demo as a person would start it, in a folder and a lab of its own. */
async function play(hypervisor: "libvirt" | "simulated"): Promise<{ code: number; evidence: Evidence; output: string }> {
  const data = mkdtempSync(join(root, ".data", "journey-"));
  folders.push(data);
  const json = join(data, "evidence.json");
  let output = "";
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "server/lab/demo/demo.ts"), "--exit", "--hypervisor", hypervisor, "--data", data, "--json", json], { cwd: root, env: environment });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const code = await new Promise<number>((resolve) => child.on("exit", (value) => resolve(value ?? -1)));
  let evidence: Evidence;
  try {
    evidence = JSON.parse(readFileSync(json, "utf8")) as Evidence;
  } catch (cause) {
    throw new Error(`The demo left no evidence:\n${output}`, { cause });
  }
  return { code, evidence, output };
}

function expectWholeStory(hypervisor: string, { code, evidence, output }: { code: number; evidence: Evidence; output: string }): void {
  const broken = evidence.steps.filter((step) => !step.ok).map((step) => `${step.id}: ${JSON.stringify(step.detail)}`);
  expect(broken, output).toEqual([]);
  expect(evidence.steps.map((step) => step.id)).toEqual([...STEP_IDS]);
  expect({ hypervisor: evidence.hypervisor, ok: evidence.ok, code }).toEqual({ hypervisor, ok: true, code: 0 });
}

describe("the story, from the order to nothing left", () => {
  it("holds on simulated hosts", { timeout: 300_000 }, async () => {
    expectWholeStory("simulated", await play("simulated"));
  });

  it.skipIf(!support.available)(`holds on real hosts${support.available ? "" : ` (skipped: ${support.reason})`}`, { timeout: 600_000 }, async () => {
    expectWholeStory("libvirt", await play("libvirt"));
  });
});
