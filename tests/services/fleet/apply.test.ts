import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "drizzle-orm";
import { applyPlacements, applyRestarts, createCluster, getDecision, PlanSuperseded, previewPolicy, updatePolicy, type Placement } from "@/server/fleet";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";

let database: TestDatabase;
let clusterId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const provider = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_op" } });
  ({ clusterId } = await createCluster(provider, { name: "c", hypervisor: "simulated", cpuModel: "x", pool: { name: "p", path: "/p" }, policy: { cpuRatio: 2, memoryRatio: 1 } }));
});
afterAll(() => database.close());

const claim = { vcpus: 1, memoryMiB: 100, cpuReservationMillicores: 500, memoryReservationMiB: 100 };
const placement = (instanceId: string, hostId: string): Placement => ({ instanceId, organizationId: "org_1", hostId, claim, decision: { inputs: {}, chosen: {}, reason: "for the test" } });
const generation = async () => Number((await database.owner.execute<{ generation: string }>(sql`select generation from cluster`)).rows[0]!.generation);

async function addHost(id: string, state = "up"): Promise<void> {
  await database.owner.execute(sql`insert into host (id, cluster_id, name, uri, management_address, cores, memory_mib, state, state_changed_at, enrolled_at) values (${id}, ${clusterId}, ${id}, 'simulated://x', 'x', 4, 800, ${state}, now(), now())`);
}

describe("applying a plan", () => {
  it("takes exactly what fits when many appliers want the same room, and counts it right", async () => {
    await addHost("hst_a");
    const context = testContext(database.worker);
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        for (let attempt = 0; attempt < 40; attempt++) {
          try {
            await applyPlacements(context, clusterId, await generation(), [placement(`ins_${index}`, "hst_a")], () => Promise.resolve());
            return true;
          } catch (error) {
            if (!(error instanceof PlanSuperseded)) throw error;
          }
        }
        return false;
      }),
    );
    // 8 vCPUs may be sold, 800 MiB, and 4,000 millicores reserved: eight of these.
    expect(outcomes.filter(Boolean)).toHaveLength(8);
    expect((await database.owner.execute(sql`select committed_vcpus, committed_memory_mib, reserved_cpu_millicores, reserved_memory_mib from host where id = 'hst_a'`)).rows).toEqual([{ committed_vcpus: 8, committed_memory_mib: 800, reserved_cpu_millicores: 4000, reserved_memory_mib: 800 }]);
    expect((await database.owner.execute(sql`select count(*)::int as n from allocation`)).rows).toEqual([{ n: 8 }]);
    expect((await database.owner.execute(sql`select count(*)::int as n from decision`)).rows).toEqual([{ n: 8 }]);
  });

  it("refuses a plan of an older generation as a whole", async () => {
    await addHost("hst_b");
    const context = testContext(database.worker);
    const old = await generation();
    await applyPlacements(context, clusterId, old, [placement("ins_b1", "hst_b")], () => Promise.resolve());
    await expect(applyPlacements(context, clusterId, old, [placement("ins_b2", "hst_b")], () => Promise.resolve())).rejects.toBeInstanceOf(PlanSuperseded);
    expect((await database.owner.execute(sql`select 1 from allocation where instance_id = 'ins_b2'`)).rows).toEqual([]);
  });

  it("applies all of a batch or none of it", async () => {
    await addHost("hst_c");
    const context = testContext(database.worker);
    const many = Array.from({ length: 9 }, (_, index) => placement(`ins_c${index}`, "hst_c"));
    await expect(applyPlacements(context, clusterId, await generation(), many, () => Promise.resolve())).rejects.toBeInstanceOf(PlanSuperseded);
    expect((await database.owner.execute(sql`select committed_vcpus from host where id = 'hst_c'`)).rows).toEqual([{ committed_vcpus: 0 }]);
  });

  it("never takes an instance from a host that is not known dead, and raises its epoch when it is", async () => {
    await addHost("hst_d");
    await addHost("hst_e");
    const context = testContext(database.worker);
    await applyPlacements(context, clusterId, await generation(), [placement("ins_d", "hst_d")], () => Promise.resolve());
    const restart = { instanceId: "ins_d", organizationId: "org_1", fromHostId: "hst_d", toHostId: "hst_e", decision: { inputs: {}, chosen: {}, reason: "for the test" } };
    for (const state of ["up", "suspect", "unreachable", "fencing", "returning"]) {
      await database.owner.execute(sql`update host set state = ${state} where id = 'hst_d'`);
      await expect(applyRestarts(context, clusterId, await generation(), [restart], () => Promise.resolve())).rejects.toBeInstanceOf(PlanSuperseded);
    }
    await database.owner.execute(sql`update host set state = 'fenced' where id = 'hst_d'`);
    const [done] = await applyRestarts(context, clusterId, await generation(), [restart], () => Promise.resolve());
    expect(done).toMatchObject({ instanceId: "ins_d", epoch: 2 });
    expect((await database.owner.execute(sql`select host_id, epoch::int from allocation where instance_id = 'ins_d'`)).rows).toEqual([{ host_id: "hst_e", epoch: 2 }]);
    expect((await database.owner.execute(sql`select committed_vcpus from host where id in ('hst_d', 'hst_e') order by id`)).rows).toEqual([{ committed_vcpus: 0 }, { committed_vcpus: 1 }]);
    expect(await getDecision(context, done!.decisionId)).toMatchObject({ kind: "failover", outcome: "applied" });
  });
});

describe("a cluster's policy", () => {
  it("shows the effect first, touches nothing that runs, and says who is oversold", async () => {
    const provider = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_op" } });
    const before = await generation();
    const preview = await previewPolicy(provider, { clusterId, cpuRatio: 1 } as Parameters<typeof previewPolicy>[1]);
    expect(preview.oversold.map((host) => host.hostId)).toContain("hst_a");
    expect(await generation()).toBe(before);
    await updatePolicy(provider, { clusterId, cpuRatio: 1 } as Parameters<typeof updatePolicy>[1]);
    expect(await generation()).toBe(before + 1);
    expect((await database.owner.execute(sql`select count(*)::int as n from allocation where host_id = 'hst_a'`)).rows).toEqual([{ n: 8 }]);
    await expect(updatePolicy(provider, { clusterId, suspectAfterSeconds: 10, fenceAfterSeconds: 5 } as Parameters<typeof updatePolicy>[1])).rejects.toThrow(/suspected before/);
  });
});
