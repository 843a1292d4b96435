import { spawn } from "node:child_process";
import type { HypervisorHost } from "@/server/drivers/hypervisor/types";
import { withBareLab } from "./support/bare-lab";
import { percentile, type Bench } from "./types";

const DEFAULT_PAIRS = 5;
const GOAL_RATIO = 1.15;
/** The guest has booted and dirties little; both ways then copy the same memory. */
const SETTLE_MS = 8_000;

interface Move {
  readonly totalMs: number;
  readonly downtimeMs: number | null;
}

function virsh(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("virsh", args, { env: { ...process.env, LC_ALL: "C" } });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (text += data.toString()));
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve(text) : reject(new Error(`virsh ended with ${code}: ${text}`))));
  });
}

const uri = (host: HypervisorHost): string => `qemu+tcp://${host.endpoint.managementAddress}/system`;

async function moveByVirsh(name: string, from: HypervisorHost, to: HypervisorHost): Promise<Move> {
  const started = performance.now();
  await virsh(["-q", "-c", uri(from), "migrate", "--live", "--persistent", "--undefinesource", "--p2p", "--unsafe", name, uri(to)]);
  const totalMs = performance.now() - started;
  const downtime = /Total downtime:\s+(\d+)/.exec(await virsh(["-c", uri(to), "domjobinfo", name, "--completed"]))?.[1];
  return { totalMs, downtimeMs: downtime === undefined ? null : Number(downtime) };
}

async function moveByDriver(name: string, from: HypervisorHost, to: HypervisorHost): Promise<Move> {
  const started = performance.now();
  const { downtimeMs } = await from.migrate({ instanceId: name, epoch: 1, to: to.endpoint, bandwidthMiBs: 0, maxDowntimeMs: 300, timeoutMs: 120_000, mode: "precopy" });
  return { totalMs: performance.now() - started, downtimeMs };
}

/** The driver's live migration beside virsh's own of the same guest between the same hosts: `npm run bench -- migrate [PAIRS]`. The order turns with every pair. */
export const run: Bench = async ({ args }) => {
  const pairs = Number(args[0] ?? DEFAULT_PAIRS);
  const measured = await withBareLab(async ({ hosts, prepareDomain }) => {
    const [home, other] = hosts;
    if (!home || !other) throw new Error("A migration needs two hosts.");
    const spec = await prepareDomain("bench-move");
    await home.startDomain(spec);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    // One move there and back warms both hosts and is not counted.
    await moveByDriver(spec.instanceId, home, other);
    await moveByVirsh(spec.instanceId, other, home);
    const rows: { driver: Move; virsh: Move }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      if (pair % 2 === 0) rows.push({ driver: await moveByDriver(spec.instanceId, home, other), virsh: await moveByVirsh(spec.instanceId, other, home) });
      else {
        const first = await moveByVirsh(spec.instanceId, home, other);
        rows.push({ virsh: first, driver: await moveByDriver(spec.instanceId, other, home) });
      }
      console.error(`  pair ${pair + 1}/${pairs}: ${JSON.stringify(rows.at(-1))}`);
    }
    return rows;
  });
  const ratio = percentile(measured.map((row) => row.driver.totalMs / row.virsh.totalMs), 0.5);
  const median = (pick: (row: (typeof measured)[number]) => number | null): number => percentile(measured.flatMap((row) => pick(row) ?? []), 0.5);
  return {
    name: "migrate",
    rows: [
      { label: "driver, total p50", value: median((row) => row.driver.totalMs), unit: "ms" },
      { label: "virsh, total p50", value: median((row) => row.virsh.totalMs), unit: "ms" },
      { label: "driver, downtime p50", value: median((row) => row.driver.downtimeMs), unit: "ms" },
      { label: "virsh, downtime p50", value: median((row) => row.virsh.downtimeMs), unit: "ms" },
      { label: "driver / virsh, median of pairs", value: ratio, unit: "x", goal: `<= ${GOAL_RATIO}`, held: ratio <= GOAL_RATIO },
    ],
    raw: measured,
  };
};
