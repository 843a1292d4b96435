import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { registeredLabs } from "@/server/lab";
import { labIdentity } from "@/server/lab/demo/lab-centre";
import { root } from "@/server/lab/demo/start";

/** A fresh folder whose lab gets a network that no other lab of this machine has: the folder's name decides both. */
export async function benchFolder(): Promise<string> {
  const taken = new Set((await registeredLabs()).map((lab) => lab.subnetIndex));
  // Each name is a draw of nineteen networks; a machine with so many labs that this ends has other troubles.
  for (let draws = 0; draws < 1_000; draws++) {
    const folder = mkdtempSync(join(root, ".data", "bench-"));
    if (!taken.has(labIdentity(folder).subnetIndex)) return folder;
    rmSync(folder, { recursive: true });
  }
  throw new Error(`Every network for labs with a folder of their own is taken: ${[...taken].join(", ")}. Take unused labs down: "npm run lab -- list" shows them.`);
}
