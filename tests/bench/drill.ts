import { listDrills, orderDrill, setHostPower, type DrillView } from "@/server/fleet";
import { hostPowerInput } from "@/server/fleet/schema";
import { findMissing } from "@/server/lab/chaos/wanted";
import { until } from "@/server/lab/demo/story/stage";
import { fullestHost, withLabGround } from "./support/lab-ground";
import type { Bench, BenchRow } from "./types";

const GUESTS = 5;
const DEFAULT_DRILLS = 3;
const DRILL_WITHIN_MS = 20 * 60_000;

/** Drills on real hosts: the fullest is crashed on purpose, and the loss that was played a moment before stands beside the one that was measured: `npm run bench -- drill [DRILLS]`. */
export const run: Bench = async ({ args }) => {
  const drills = Number(args[0] ?? DEFAULT_DRILLS);
  return withLabGround(GUESTS, async (ground) => {
    const calm = (): Promise<boolean> => until("every host is up and everything runs", 300_000, async () => (await findMissing(ground)).length === 0, 250);
    const done: DrillView[] = [];
    for (let count = 0; count < drills; count++) {
      await calm();
      const { hostId, host } = await fullestHost(ground);
      const [row] = await ground.rows<{ cluster_id: string }>(`select cluster_id from host where id = '${hostId}'`);
      if (!row) throw new Error(`${host} is gone.`);
      await setHostPower(ground.provider, hostPowerInput.parse({ hostId, drillable: true }));
      const { id } = await orderDrill(ground.provider, hostId);
      const ended = async (): Promise<DrillView | undefined> => (await listDrills(ground.provider, row.cluster_id)).find((drill) => drill.id === id && drill.finishedAt !== null);
      await until("the drill is over", DRILL_WITHIN_MS, async () => (await ended()) !== undefined, 250);
      const drill = await ended();
      if (!drill || drill.state !== "done") throw new Error(`The drill of ${host} ended as ${drill?.state ?? "nothing"}: ${drill?.reason ?? ""}`);
      done.push(drill);
      console.error(`  drill ${count + 1}/${drills} of ${host}: ${JSON.stringify(drill.receipt?.figures)}; back after ${String(drill.measured?.["returnedMs"])} ms`);
    }
    const figures = done.flatMap((drill) => drill.receipt?.figures ?? []);
    const rows = done.flatMap((drill, index): BenchRow[] => (drill.receipt?.figures ?? []).map(({ figure, value, measured, bound, agrees }) => ({
      label: `drill ${index + 1}, ${drill.hostName}, ${figure}: foretold ${Math.round(value)}, measured`, value: measured ?? "nothing", unit: figure.endsWith("Ms") ? "ms" : "", goal: `within ${Math.round(bound)}`, held: agrees === true,
    })));
    return { name: "drill", rows: [...rows, { label: "figures that agree", value: `${figures.filter((one) => one.agrees === true).length}/${figures.length}`, unit: "" }], raw: done };
  });
};
