import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createInstance } from "@/server/compute";
import { labSupport } from "@/server/lab";
import { openGround, type Ground } from "@/server/lab/chaos/ground";
import { findMissing } from "@/server/lab/chaos/wanted";
import { root, Running } from "@/server/lab/demo/start";
import { until } from "@/server/lab/demo/story/stage";
import { createBenchDatabase } from "./bench-database";

const mount = promisify(execFile);

/** Real hosts and one worker, without the portal: half a minute less to wait for than the whole product. With `storageMiB` their storage is a file system of that size. */
export async function withLabGround<T>(guests: number, work: (ground: Ground) => Promise<T>, { storageMiB }: { readonly storageMiB?: number } = {}): Promise<T> {
  const support = await labSupport();
  if (!support.available) throw new Error(`This benchmark needs real hosts, which cannot run here: ${support.reason}.`);
  const directory = mkdtempSync(join(root, ".data", "bench-"));
  const log = (line: string): void => console.error(`  ${line}`);
  const running = new Running(log);
  const database = await createBenchDatabase();
  const storage = join(directory, "lab", "shared", "pool");
  try {
    if (storageMiB !== undefined) {
      mkdirSync(storage, { recursive: true });
      await mount("mount", ["-t", "tmpfs", "-o", `size=${storageMiB}m`, "berth-bench", storage]);
    }
    const ground = await openGround({ directory, databaseUrls: database.url, workers: 1, log }, running);
    for (let count = 1; count <= guests; count++) await createInstance(ground.tenant, { name: `guest-${count}`, flavorId: ground.flavorId, imageId: ground.imageId });
    await until("everything ordered runs", 180_000, async () => (await findMissing(ground)).length === 0, 250);
    return await work(ground);
  } finally {
    // Each host has a mount of its own, which goes with the host; this one would keep the folder from being removed.
    if (storageMiB !== undefined) await mount("umount", ["-l", storage]);
    await running.end();
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

export interface Placed extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly host_id: string;
}

/** Where every instance stands, by the database. */
export function placesOf(ground: Ground): Promise<Placed[]> {
  return ground.rows<Placed>("select i.id, i.name, h.name as host, h.id as host_id from allocation a join instance i on i.id = a.instance_id join host h on h.id = a.host_id order by i.id");
}

/** The host with the most machines. */
export async function fullestHost(ground: Ground): Promise<{ readonly hostId: string; readonly host: string; readonly guests: readonly Placed[] }> {
  const byHost = new Map<string, Placed[]>();
  for (const row of await placesOf(ground)) byHost.set(row.host_id, [...(byHost.get(row.host_id) ?? []), row]);
  const [guests = []] = [...byHost.values()].sort((a, b) => b.length - a.length);
  const [first] = guests;
  if (!first) throw new Error("No host has a machine.");
  return { hostId: first.host_id, host: first.host, guests };
}
