import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { labSupport } from "@/server/lab";
import { STEP_IDS, type Evidence } from "@/server/lab/demo/evidence";
import { skipReason } from "../browser/browser";
import type { Portal } from "./portal";
import { workInChromium } from "./work-in-chromium";
import { FILE_TEXT, TEXT_AFTER, TEXT_IN, TEXT_OUT, workInDebian, type DebianWork } from "./work-in-debian";

const root = fileURLToPath(new URL("../..", import.meta.url));
const support = await labSupport();
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** As a person's shell has it: nothing of the test runner's, and no database of somebody's own. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !["NODE_ENV", "VITEST", "DATABASE_URL"].includes(name))) as NodeJS.ProcessEnv;

/** Minutes more on a busy machine: it is asked for. */
const chromiumLeftOut = skipReason ?? (process.env["DESKTOP_IN_CHROMIUM"] === "1" ? null : "DESKTOP_IN_CHROMIUM=1 asks for it");

/** A picture that breaks off while a desktop moves is said by the browser, too. */
const isComplaint = (line: string): boolean => !/WebSocket|Disconnect|closed/i.test(line);

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
 * Plays the whole demo as a person would start it, in a folder and a lab of its own. With `afterwards` the demo stays when its story is over, and is
 * interrupted when that is done.
 */
async function play(hypervisor: "libvirt" | "simulated", afterwards?: (portal: Portal) => Promise<void>): Promise<{ code: number; evidence: Evidence; output: string }> {
  const data = mkdtempSync(join(root, ".data", "journey-"));
  folders.push(data);
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

describe("the story, from the order to nothing left", () => {
  it("holds on simulated hosts", { timeout: 300_000 }, async () => {
    expectWholeStory("simulated", 0, await play("simulated"));
  });

  it.skipIf(!support.available)(`holds on real hosts${support.available ? "" : ` (skipped: ${support.reason})`}`, { timeout: chromiumLeftOut === null ? 2_400_000 : 900_000 }, async () => {
    const seen: { said: readonly string[]; complaints: readonly string[] }[] = [];
    const debian: (DebianWork | null)[] = [];
    const inChromium = chromiumLeftOut === null ? async (portal: Portal) => {
      seen.push(await workInChromium(portal));
      debian.push(await workInDebian(portal));
    } : undefined;
    if (chromiumLeftOut) console.log(`The part in a browser is left out: ${chromiumLeftOut}`);
    expectWholeStory("libvirt", inChromium ? INTERRUPTED : 0, await play("libvirt", inChromium));
    for (const { said, complaints } of seen) {
      // A move and a failover, each in plain words over the screen.
      expect(said.join("\n")).toContain("Moving your desktop");
      expect(said.join("\n")).toContain("The server under it failed.");
      expect(complaints.filter(isComplaint)).toEqual([]);
    }
    for (const work of debian) {
      if (work === null) {
        console.log("The Debian desktop is left out: npm run lab -- image desktop builds its image");
        continue;
      }
      const { sizes, resumeMs, complaints, ...texts } = work;
      expect(texts).toEqual({
        typed: expect.stringMatching(/^design-\d+$/) as string, clipboardInGuest: TEXT_IN, pastedInGuest: TEXT_IN, clipboardInBrowser: TEXT_OUT, fileInGuest: FILE_TEXT.trim(), fileOut: FILE_TEXT,
        clipboardAfterResume: TEXT_AFTER, clipboardOutAfterResume: `${TEXT_OUT} again`,
      });
      // Another size of the window is another size of the guest's screen.
      expect(new Set(sizes.map(({ guest }) => guest)).size).toBe(2);
      expect(complaints.filter(isComplaint)).toEqual([]);
      console.log(`The Debian desktop went on ${resumeMs} ms after the click.`);
    }
  });
});
