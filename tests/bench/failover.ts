import { failover } from "@/server/lab/demo/story/fleet-steps";
import { hostId, until, type Stage } from "@/server/lab/demo/story/stage";
import { guestAnswers, withLab } from "./support/lab-session";
import { percentile, type Bench, type BenchRow } from "./types";

const DEFAULT_ROUNDS = 5;
const GOAL_TOTAL_MS = 15_000;
const GOAL_TUNED_TOTAL_MS = 8_000;
const GOAL_AFTER_FENCE_MS = 1_500;
/** The shortest that the settings allow: hosts are asked once a second, and three silent ones are no chance. */
const TUNED = { suspectAfterSeconds: 1, fenceAfterSeconds: 3 };
const PARTS = ["detectMs", "fenceMs", "restartMs", "totalMs"] as const;
const LABELS = { detectMs: "power loss to the order to fence", fenceMs: "order to fence to its confirmation", restartMs: "confirmation to QEMU elsewhere", totalMs: "total" } as const;

type Crash = Record<(typeof PARTS)[number], number>;

/**
 * Power loss of the host until QEMU runs elsewhere, crash after crash: `npm run bench -- failover [--rounds N] [--tuned]`. Without `--tuned` with
 * the default settings of a cluster. A crash that broke an order of the wall (a start before the fence) ends the benchmark.
 */
export const run: Bench = async ({ args }) => {
  const rounds = args.includes("--rounds") ? Number(args[args.indexOf("--rounds") + 1]) : DEFAULT_ROUNDS;
  const tuned = args.includes("--tuned");
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds takes a whole number of crashes from 1.");
  const crashes = await withLab(async (stage) => {
    if (tuned) await tune(stage);
    const results: Crash[] = [];
    for (let round = 1; round <= rounds; round++) {
      results.push(await crashOnce(stage));
      console.error(`  crash ${round}/${rounds}: ${JSON.stringify(results.at(-1))}`);
    }
    return results;
  });
  const of = (part: keyof Crash, p: number): number => percentile(crashes.map((crash) => crash[part]), p);
  const totalGoalMs = tuned ? GOAL_TUNED_TOTAL_MS : GOAL_TOTAL_MS;
  const goals: Partial<Record<keyof Crash, number>> = { restartMs: GOAL_AFTER_FENCE_MS, totalMs: totalGoalMs };
  const rows = PARTS.flatMap((part): BenchRow[] => {
    const goal = goals[part];
    const max = of(part, 1);
    return [
      { label: `${LABELS[part]}, p50`, value: of(part, 0.5), unit: "ms" },
      { label: `${LABELS[part]}, p95`, value: of(part, 0.95), unit: "ms" },
      { label: `${LABELS[part]}, max`, value: max, unit: "ms", ...(goal === undefined ? {} : { goal: `<= ${goal} ms`, held: max <= goal }) },
    ];
  });
  return { name: "failover", rows: [{ label: "crashes, settings", value: `${rounds}, ${tuned ? "tuned" : "default"}`, unit: "" }, ...rows], raw: { tuned, crashes } };
};

async function tune(stage: Stage): Promise<void> {
  const { clusters } = stage.operator.api.admin;
  const [cluster] = (await clusters.list.query()).items;
  if (!cluster) throw new Error("The lab has no cluster.");
  await clusters.updatePolicy.mutate({ clusterId: cluster.id, ...TUNED });
}

async function crashOnce(stage: Stage): Promise<Crash> {
  const { detectMs, fenceMs, restartMs, totalMs, ok } = await failover(stage, { acknowledged: 0 });
  if (ok !== true) throw new Error("A machine was restarted before its host was fenced.");
  const lost = stage.lostHost;
  if (!lost) throw new Error("The lost host is not known.");
  await stage.centre.wake(lost);
  const id = await hostId(stage, lost);
  await until(`${lost} is back in service`, 60_000, async () => (await stage.operator.api.admin.hosts.get.query({ hostId: id })).host.state === "up");
  await guestAnswers(stage);
  return { detectMs: Number(detectMs), fenceMs: Number(fenceMs), restartMs: Number(restartMs), totalMs: Number(totalMs) };
}
