import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { STEP_IDS, type Evidence } from "@/server/lab/demo/evidence";
import type { Portal } from "./portal";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** As a person's shell has it: nothing of the test runner's, and no database of somebody's own. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !["NODE_ENV", "VITEST", "DATABASE_URL"].includes(name))) as NodeJS.ProcessEnv;

/** What a signal that a person sends ends it with. */
const INTERRUPTED = 130;

/** Where to sign in, out of the demo's last lines. */
function readPortal(output: string, data: string): Portal | null {
  const word = (name: string): string[] => new RegExp(`^  ${name} +(\\S+)(?:  (\\S+))?$`, "m").exec(output)?.slice(1) ?? [];
  const [[origin], [tenant, tenantWord], [operator, operatorWord]] = [word("Portal"), word("Tenant"), word("Operator")];
  if (!origin || !tenant || !tenantWord || !operator || !operatorWord) return null;
  return { origin, tenant: { email: tenant, password: tenantWord }, operator: { email: operator, password: operatorWord }, data };
}

/**
 * Plays the whole demo as a person would start it, in a folder and a lab of its own, and expects every step to hold. With `afterwards` the demo stays
 * when its story is over, and is interrupted when that is done.
 */
export async function playStory(hypervisor: "libvirt" | "simulated", afterwards?: (portal: Portal) => Promise<void>): Promise<void> {
  const data = mkdtempSync(join(root, ".data", "journey-"));
  try {
    expectWholeStory(hypervisor, afterwards ? INTERRUPTED : 0, await play(hypervisor, data, afterwards));
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function play(hypervisor: "libvirt" | "simulated", data: string, afterwards?: (portal: Portal) => Promise<void>): Promise<{ code: number; evidence: Evidence; output: string }> {
  const json = join(data, "evidence.json");
  let output = "";
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "server/lab/demo/demo.ts"), ...(afterwards ? [] : ["--exit"]), "--hypervisor", hypervisor, "--data", data, "--json", json], { cwd: root, env: environment });
  const exited = new Promise<number>((resolve) => child.on("exit", (value) => resolve(value ?? -1)));
  const stays = new Promise<Portal | null>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        output += text.toString();
        const portal = output.includes("Ctrl-C stops everything.") ? readPortal(output, data) : null;
        if (portal) resolve(portal);
      });
    }
    void exited.then(() => resolve(null));
  });
  if (afterwards) {
    const portal = await stays;
    try {
      if (portal) await afterwards(portal);
    } finally {
      child.kill("SIGINT");
    }
  }
  const code = await exited;
  let evidence: Evidence;
  try {
    evidence = JSON.parse(readFileSync(json, "utf8")) as Evidence;
  } catch (cause) {
    throw new Error(`The demo left no evidence:\n${output}`, { cause });
  }
  return { code, evidence, output };
}

function expectWholeStory(hypervisor: string, expectedCode: number, { code, evidence, output }: { code: number; evidence: Evidence; output: string }): void {
  const broken = evidence.steps.filter((step) => !step.ok).map((step) => `${step.id}: ${JSON.stringify(step.detail)}`);
  // What did not hold comes first, for whoever sees only the beginning.
  expect(broken, `${broken.join("\n")}\n\n${output}`).toEqual([]);
  expect(evidence.steps.map((step) => step.id)).toEqual([...STEP_IDS]);
  expect({ hypervisor: evidence.hypervisor, ok: evidence.ok, code }).toEqual({ hypervisor, ok: true, code: expectedCode });
}
