import * as fc from "fast-check";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  beginPurge, createInstance, decideGuestShutdown, deleteInstance, getInstanceForConverge, markPurged, markVolumes, noteApplied, noteFailure, notePendingBoot, notePlaced, noteWaiting, purgeInstance, rebootInstance,
  rebuildInstance, recordObservation, resizeInstance, restoreInstance, startInstance, stopInstance, type DesiredInstance,
} from "@/server/compute";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { RESOURCES, readQuota } from "@/server/quota";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, quotaDrift } from "./fixture";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await makeOffer(database);
});
afterAll(() => database.close());

/** What tenants ask for and what loops find out, in any order that chance brings. */
const STEPS = [
  "create", "start", "stop", "reboot", "resize-up", "resize-down", "resize-class", "grow", "rebuild", "delete", "restore", "purge",
  "placed", "waiting", "runs", "stopped", "applied", "applied-late", "pending", "failed", "guest-off", "volumes", "begin-purge", "purged",
] as const;

it("keeps quota and rows equal, ends in nothing, and refuses only with a reason", async () => {
  const step = fc.record({ verb: fc.constantFrom(...STEPS), which: fc.nat(2) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const tenant = await makeTenant(database, { vcpus: 6, memoryMiB: 8192, storageGiB: 60 });
      const context = testContext(database.worker);
      const loop = <T>(work: (tx: Transaction) => Promise<T>) => inTransaction(context, work);
      const ids: string[] = [];
      const late = new Map<string, DesiredInstance>();

      const apply = async (id: string, seen: DesiredInstance) => {
        await loop((tx) => noteApplied(tx, context, { instanceId: id, generation: seen.generation, vcpus: seen.vcpus, memoryMiB: seen.memoryMiB, diskGiB: seen.diskGiB }));
      };
      const observe = (id: string, state: "running" | "stopped") => loop((tx) => recordObservation(tx, context, [{ instanceId: id, hostId: "hst_1", state, reason: "unknown", epoch: 1, vcpus: null, memoryMiB: null, observedAt: context.clock.now(), bootGeneration: 1, rebuildGeneration: 1 }]));
      const removeVolumes = (seen: DesiredInstance | null, all: boolean) =>
        loop((tx) => markVolumes(tx, context, (seen?.volumes ?? []).map((volume) => ({ volumeId: volume.id, state: all || volume.state === "unwanted" ? "removed" as const : "present" as const }))));

      for (const { verb, which } of steps) {
        const instanceId = ids[which % Math.max(1, ids.length)] ?? "ins_none";
        const seen = verb === "create" ? null : await loop((tx) => getInstanceForConverge(tx, context, instanceId));
        const act = async (): Promise<unknown> => {
          switch (verb) {
            case "create": {
              const made = await createInstance(tenant, { name: `i-${ids.length}`, flavorId: which === 2 ? "flv_large" : "flv_small", imageId: "img_tiny" });
              return ids.push(made.id);
            }
            case "start": return startInstance(tenant, { instanceId });
            case "stop": return stopInstance(tenant, { instanceId });
            case "reboot": return rebootInstance(tenant, { instanceId });
            case "resize-up": return resizeInstance(tenant, { instanceId, flavorId: "flv_large" });
            case "resize-down": return resizeInstance(tenant, { instanceId, flavorId: "flv_small" });
            case "resize-class": return resizeInstance(tenant, { instanceId, flavorId: "flv_dedicated" });
            case "grow": return resizeInstance(tenant, { instanceId, diskGiB: 25 });
            case "rebuild": return rebuildInstance(tenant, { instanceId, imageId: "img_tiny" });
            case "delete": return deleteInstance(tenant, { instanceId, trashSeconds: which === 0 ? 0 : 3600 });
            case "restore": return restoreInstance(tenant, { instanceId });
            case "purge": return purgeInstance(tenant, { instanceId });
            case "placed": return loop((tx) => notePlaced(tx, context, { instanceId }));
            case "waiting": return loop((tx) => noteWaiting(tx, context, { instanceId, text: "No room.", smallestChange: null }));
            case "runs": return observe(instanceId, "running");
            case "stopped": return observe(instanceId, "stopped");
            case "applied":
              if (seen) late.set(instanceId, seen);
              return seen ? apply(instanceId, seen) : null;
            case "applied-late": {
              const old = late.get(instanceId);
              return old ? apply(instanceId, old) : null;
            }
            case "pending": return seen ? loop((tx) => notePendingBoot(tx, context, { instanceId, generation: seen.generation, reason: "It must boot first." })) : null;
            case "failed": return loop((tx) => noteFailure(tx, context, { instanceId, error: "It did not work." }));
            case "guest-off": return seen ? loop((tx) => decideGuestShutdown(tx, context, { instanceId, generation: seen.generation })) : null;
            case "volumes": return removeVolumes(seen, false);
            case "begin-purge": return loop((tx) => beginPurge(tx, context, instanceId));
            case "purged": return loop((tx) => markPurged(tx, context, instanceId));
          }
        };
        await act().catch((error: unknown) => {
          if (!(error instanceof Problem)) throw error;
        });
        expect(await quotaDrift(database)).toEqual([]);
      }

      for (const instanceId of ids) {
        const alive = await loop((tx) => getInstanceForConverge(tx, context, instanceId));
        if (!alive) continue;
        if (!alive.deletedAt) await deleteInstance(tenant, { instanceId, trashSeconds: 0 });
        else if (alive.purgeAfter && alive.purgeAfter > context.clock.now()) await purgeInstance(tenant, { instanceId });
        await loop((tx) => beginPurge(tx, context, instanceId));
        await removeVolumes(await loop((tx) => getInstanceForConverge(tx, context, instanceId)), true);
        expect(await loop((tx) => markPurged(tx, context, instanceId))).toBe(true);
      }
      const quota = await readQuota(tenant, tenant.organizationId);
      for (const resource of RESOURCES) expect(quota.resources[resource]).toMatchObject({ committed: 0, held: 0 });
      const left = await database.worker.execute<{ n: number }>(sql`select (select count(*) from quota_hold where organization_id = ${tenant.organizationId})::int + (select count(*) from address where organization_id = ${tenant.organizationId} and released_at is null)::int as n`);
      expect(left.rows[0]?.n).toBe(0);
    }),
    { numRuns: 15 },
  );
}, 240_000);
