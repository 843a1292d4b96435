import { failover } from "@/server/lab/demo/story/fleet-steps";
import { hostId, until } from "@/server/lab/demo/story/stage";
import { guestAnswers, withLab } from "./support/lab-session";
import { percentile, type Bench } from "./types";

const DEFAULT_CRASHES = 5;
const GOAL_TOTAL_MS = 15_000;
const GOAL_AFTER_FENCE_MS = 1_500;

/** Power loss of the host until QEMU runs elsewhere, with the default settings: `npm run bench -- failover [CRASHES]`. */
export const run: Bench = async ({ args }) => {
  const crashes = Number(args[0] ?? DEFAULT_CRASHES);
  const rows = await withLab(async (stage) => {
    const results: Record<string, number>[] = [];
    for (let crash = 0; crash < crashes; crash++) {
      const { detectMs, fenceMs, restartMs, totalMs, ok } = await failover(stage, { acknowledged: 0 });
      if (ok !== true) throw new Error("a machine was restarted before its host was fenced");
      results.push({ detectMs: Number(detectMs), fenceMs: Number(fenceMs), restartMs: Number(restartMs), totalMs: Number(totalMs) });
      console.error(`  crash ${crash + 1}/${crashes}: ${JSON.stringify(results.at(-1))}`);
      const lost = stage.lostHost;
      if (!lost) throw new Error("the lost host is not known");
      await stage.centre.wake(lost);
      const id = await hostId(stage, lost);
      await until(`${lost} is back in service`, 60_000, async () => (await stage.operator.api.admin.hosts.get.query({ hostId: id })).host.state === "up");
      await guestAnswers(stage);
    }
    return results;
  });
  const of = (name: string, p: number): number => percentile(rows.map((row) => row[name] ?? Number.NaN), p);
  return {
    name: "failover",
    rows: [
      ...["detectMs", "fenceMs", "restartMs"].map((name) => ({ label: `${name}, p50 of ${crashes}`, value: of(name, 0.5), unit: "ms" })),
      { label: "after fencing is confirmed, max", value: of("restartMs", 1), unit: "ms", goal: `<= ${GOAL_AFTER_FENCE_MS} ms`, held: of("restartMs", 1) <= GOAL_AFTER_FENCE_MS },
      { label: "total, p50", value: of("totalMs", 0.5), unit: "ms" },
      { label: "total, max", value: of("totalMs", 1), unit: "ms", goal: `<= ${GOAL_TOTAL_MS} ms`, held: of("totalMs", 1) <= GOAL_TOTAL_MS },
    ],
    raw: rows,
  };
};
