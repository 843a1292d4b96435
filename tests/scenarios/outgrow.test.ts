import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deleteInstance, resizeInstance } from "@/server/compute";
import { openCentre, until, type Centre } from "./centre";

let centre: Centre;
beforeAll(async () => {
  centre = await openCentre({ hosts: ["h1", "h2"], cores: 32, memoryMiB: 6_144 });
});
afterAll(() => centre.close());

/** Orders machines of a size until one finds no place; answers those that run. */
async function fill(size: "small" | "large"): Promise<string[]> {
  const made: string[] = [];
  for (let n = 0; n < 40; n++) {
    const id = await centre.order(`${size}-${n}`, size);
    await until(`${id} runs or waits`, 15_000, async () => ["running", "waiting-for-capacity"].includes(await centre.status(id)));
    if ((await centre.status(id)) !== "running") {
      await deleteInstance(centre.tenant, { instanceId: id });
      return made;
    }
    made.push(id);
  }
  throw new Error("the centre never filled up");
}

describe("a machine that outgrows its host", () => {
  it("moves live to one that has room, and grows there without a restart", async () => {
    const id = await centre.order("grows");
    await centre.untilStatus(id, "running");
    const home = centre.runsOn(id)[0]!;
    const others = [...(await fill("large")), ...(await fill("small"))];
    // Its own host stays full; the other one is emptied.
    for (const other of others.filter((one) => !centre.runsOn(one).includes(home))) {
      await deleteInstance(centre.tenant, { instanceId: other });
      await centre.untilStatus(other, "deleted");
    }
    await resizeInstance(centre.tenant, { instanceId: id, flavorId: centre.flavors.large });
    await until("it has its new size", 30_000, async () => (await centre.rows(`select 1 from instance_observation where instance_id = '${id}' and vcpus = 2 and memory_mib = 2048 and applied_generation = 2`)).length === 1, () => centre.rows(`select o.vcpus, o.memory_mib, o.pending_boot_reason, (select string_agg(m.state || coalesce(m.error, ''), ',') from migration m) from instance_observation o where instance_id = '${id}'`));
    expect(centre.runsOn(id)).not.toEqual([home]);
    expect(await centre.rows(`select vcpus, memory_mib from allocation where instance_id = '${id}'`)).toEqual([{ vcpus: 2, memory_mib: 2_048 }]);
    // One move with its receipt, and no new boot.
    const decisions = await centre.rows<{ kind: string; cause: string | null }>(`select kind, chosen->>'cause' as cause from decision where instance_id = '${id}' order by id`);
    expect(decisions.map(({ kind }) => kind)).toEqual(["place", "migrate", "resize"]);
    expect(decisions[1]?.cause).toBe("resize");
    expect(await centre.rows(`select 1 from instance_event where instance_id = '${id}' and kind in ('started', 'powered-off')`)).toHaveLength(1);
    expect(centre.world.doubleRuns()).toEqual([]);
    await centre.checkInvariants();
  });
});
