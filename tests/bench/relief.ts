import { listDecisions, updateAutomation } from "@/server/fleet";
import { automationInput } from "@/server/fleet/schema";
import { Guest } from "@/server/lab/demo/guest";
import { until } from "@/server/lab/demo/story/stage";
import { fullestHost, placesOf, withLabGround } from "./support/lab-ground";
import type { Bench } from "./types";

const GUESTS = 4;
const BURNERS = 2;

interface Compared {
  readonly name: string;
  readonly predictedMillicores: number;
  readonly measuredMillicores: number;
  readonly errorFraction: number;
}

/**
 * A host on which guests burn all of their processors is relieved by itself: from the first busy minute until a guest has left,
 * and what the plan promised beside what was measured afterwards. `npm run bench -- relief`, nine minutes.
 */
export const run: Bench = () =>
  withLabGround(GUESTS, async (ground) => {
    const { hostId, host, guests } = await fullestHost(ground);
    const burning = guests.slice(0, BURNERS);
    const demoHost = ground.centre.hosts().find((one) => one.name === host);
    if (!demoHost) throw new Error(`The lab has no host ${host}.`);
    for (const { id, name } of burning) {
      await until(`${name} burns`, 240_000, async () => {
        const guest = new Guest(ground.centre.driver, demoHost, id);
        try {
          await guest.run("setsid sh -c 'while :; do :; done' >/dev/null 2>&1 </dev/null &");
          return true;
        } finally {
          await guest.close();
        }
      }, 1_000);
    }
    const hotMs = Date.now();
    console.error(`  ${burning.length} of ${guests.length} guests of ${host} burn`);
    const [cluster] = await ground.rows<{ id: string }>("select id from cluster");
    await updateAutomation(ground.provider, automationInput.parse({ clusterId: cluster?.id ?? "", rebalance: "automatic", aggressiveness: 5, movesPerHour: 20, movesPerHostPerHour: 20 }));
    const relieved = await until(`${host} is relieved`, 420_000, async () => {
      const still = (await placesOf(ground)).filter((row) => row.host_id === hostId && burning.some((one) => one.id === row.id));
      return still.length < burning.length ? Date.now() : null;
    }, 500);
    const plan = async () => (await listDecisions(ground.provider, { kind: "rebalance", limit: 1 })).items[0];
    console.error(`  ${(await plan())?.reason ?? "no receipt"}`);
    const measured = await until("its effect is measured", 420_000, async () => {
      const rows = (await plan())?.measured?.["hosts"];
      return Array.isArray(rows) && rows.length > 0 ? (rows as Compared[]) : null;
    }, 2_000);
    const rates = await ground.rows<{ name: string; rate: number }>("select i.name, d.mib_per_second as rate from dirty_rate d join instance i on i.id = d.instance_id order by i.name");
    const worst = Math.max(...measured.map((row) => row.errorFraction));
    return {
      name: "relief",
      rows: [
        { label: "burning until a guest has left", value: (relieved - hotMs) / 1_000, unit: "s" },
        ...measured.flatMap((row) => [
          { label: `${row.name}: promised`, value: row.predictedMillicores, unit: "millicores" },
          { label: `${row.name}: measured`, value: row.measuredMillicores, unit: "millicores" },
        ]),
        { label: "largest error, part of a host's cores", value: worst, unit: "", goal: "<= 0.2", held: worst <= 0.2 },
        { label: "guests whose memory writes are known", value: rates.length, unit: `of ${GUESTS}` },
      ],
      raw: { plan: await plan(), rates },
    };
  });
