import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freeSubnetIndex, labSupport, openLab, type Lab, type LabOptions } from "@/server/lab";

/** Why the lab's tests cannot run here, for the report; null where they can. */
export async function whyNoLab(): Promise<string | null> {
  const support = await labSupport();
  return support.available ? null : support.reason;
}

/** A lab of the test's own: its own name, network and folder, so that it meets no other lab of the machine. */
export async function throwAwayLab(purpose: string, options: Partial<LabOptions> = {}): Promise<Lab> {
  // Test files run in parallel: a start per process keeps two of them from choosing the same free network.
  const subnetIndex = await freeSubnetIndex(100 + (process.pid % 120));
  return openLab({ name: `${purpose}${process.pid % 10_000}`, directory: mkdtempSync(path.join(tmpdir(), "berth-lab-")), hostCount: 1, subnetIndex, ...options });
}
