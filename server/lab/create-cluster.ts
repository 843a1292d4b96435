import { readFileSync } from "node:fs";
import { z } from "zod";
import { openDatabase } from "@/db/client";
import { foundCluster } from "@/server/fleet";
import { foundClusterInput } from "@/server/fleet/cluster/schema";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";

/**
 * The first cluster of an installation with its shared network, from a file:
 * `{"name", "hypervisor": "libvirt", "cpuModel", "pool": {"name", "path"}, "network": {"name", "cidr", "gateway", "firstAddress", "lastAddress", "bridge", "dnsServers"}}`.
 * Hosts are then enrolled in the admin console.
 */
const USAGE = "create-cluster needs WORKER_DATABASE_URL, and: FILE (JSON with name, hypervisor, cpuModel, pool {name, path}, network {name, cidr, gateway, firstAddress, lastAddress, bridge}).";

async function main(): Promise<number> {
  const [file] = process.argv.slice(2);
  const url = process.env["WORKER_DATABASE_URL"];
  if (!file || !url) {
    console.error(USAGE);
    return 2;
  }
  const input = foundClusterInput.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!input.success) {
    for (const issue of input.error.issues) console.error(`No cluster was made: ${issue.path.join(".")} ${issue.message}.`);
    return 2;
  }
  const db = openDatabase({ url, poolSize: 1, applicationName: "berth-create-cluster" });
  const source = { clock: systemClock, random: systemRandom };
  const context: Context = { db, ...source, logger: silentLogger, requestId: mintId("request", source), actor: { kind: "system", id: "create-cluster" }, scope: "worker", organizationId: null };
  try {
    const { clusterId } = await foundCluster(context, input.data);
    console.log(`Cluster ${input.data.name} is ${clusterId}. Enrol its hosts in the admin console.`);
    return 0;
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof z.ZodError)) throw error;
    console.error(error instanceof z.ZodError ? z.prettifyError(error) : error.message);
    return 1;
  } finally {
    await db.pool.end();
  }
}

process.exit(await main());
