import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { anyFreePort } from "@/server/lab/ports";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A process that chooses, says what it chose and lives until its input ends. */
async function chooser(preferred: number): Promise<{ readonly port: number; end(): Promise<void> }> {
  const code = `const { claimPort } = await import("./server/lab/ports.ts"); console.log(await claimPort(${preferred})); process.stdin.resume().on("end", () => process.exit(0));`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    port: Number(line),
    end: async () => {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

describe("ports of demos", () => {
  it("are given to one of those who choose at the same moment, and again when it has ended", async () => {
    const preferred = await anyFreePort();
    const both = await Promise.all([chooser(preferred), chooser(preferred)]);
    expect(new Set(both.map(({ port }) => port)).size).toBe(2);
    for (const one of both) await one.end();
    const next = await chooser(preferred);
    expect(next.port).toBe(preferred);
    await next.end();
  });
});
