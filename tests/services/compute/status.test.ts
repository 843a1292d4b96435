import { sql } from "drizzle-orm";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deriveStatus, statusReason } from "@/server/compute";
import type { StatusFacts } from "@/server/compute/instance/derive-status";
import { selectStatuses } from "@/server/compute/instance/store";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant } from "./fixture";

const NOW = new Date("2026-05-01T12:00:00Z");
const EARLIER = new Date("2026-05-01T11:00:00Z");
const LATER = new Date("2026-05-02T12:00:00Z");

type Observed = NonNullable<StatusFacts["observation"]>;

const desired = (change: Partial<StatusFacts>): StatusFacts => ({
  desiredPower: "running", generation: 3, bootGeneration: 2, rebuildGeneration: 1, vcpus: 2, memoryMiB: 1024, diskGiB: 10, deletedAt: null, purgeAfter: null, purgedAt: null, observation: null, ...change,
});
const seen = (change: Partial<Observed>): Observed => ({
  state: "running", reason: "started", phase: "placed", appliedGeneration: 3, bootGeneration: 2, rebuildGeneration: 1, vcpus: 2, memoryMiB: 1024, diskGiB: 10, pendingBootReason: null, failures: 0, lastError: null, waiting: null, ...change,
});

/** [what, desired, observed, status] */
const TABLE: readonly (readonly [string, Partial<StatusFacts>, Partial<Observed> | null, string])[] = [
  ["just ordered", {}, null, "provisioning"],
  ["placed, not started yet", {}, { state: "absent", appliedGeneration: 0, bootGeneration: 0, rebuildGeneration: 0 }, "provisioning"],
  ["no host has room", {}, { state: "absent", phase: "waiting-for-capacity", rebuildGeneration: 0 }, "waiting-for-capacity"],
  ["no host has room after a stop", {}, { state: "stopped", phase: "waiting-for-capacity" }, "waiting-for-capacity"],
  ["waiting, and stopped by its owner", { desiredPower: "stopped" }, { state: "absent", phase: "waiting-for-capacity" }, "stopped"],
  ["as wanted", {}, {}, "running"],
  ["started again", {}, { state: "stopped" }, "starting"],
  ["reboot asked for", { bootGeneration: 3 }, {}, "rebooting"],
  ["reboot under way", { bootGeneration: 3 }, { state: "shutting-down" }, "rebooting"],
  ["start after a stop with a reboot asked for", { bootGeneration: 3 }, { state: "stopped" }, "starting"],
  ["guest is shutting down by itself", {}, { state: "shutting-down" }, "stopping"],
  ["stop asked for", { desiredPower: "stopped" }, {}, "stopping"],
  ["stop asked for of a paused one", { desiredPower: "stopped" }, { state: "paused" }, "stopping"],
  ["stop fails", { desiredPower: "stopped" }, { failures: 3 }, "error"],
  ["stopped", { desiredPower: "stopped" }, { state: "stopped" }, "stopped"],
  ["stopped before it ever ran", { desiredPower: "stopped" }, null, "stopped"],
  ["crashed and wanted stopped", { desiredPower: "stopped" }, { state: "crashed" }, "stopped"],
  ["crashed", {}, { state: "crashed" }, "crashed"],
  ["start fails twice", {}, { state: "stopped", failures: 2 }, "starting"],
  ["start fails three times", {}, { state: "stopped", failures: 3 }, "error"],
  ["runs, and a change fails", {}, { failures: 9, appliedGeneration: 2 }, "running"],
  ["resize under way", { vcpus: 4 }, { appliedGeneration: 2 }, "resizing"],
  ["disk grows", { diskGiB: 12 }, { appliedGeneration: 2 }, "resizing"],
  ["resize waits for the next boot", { vcpus: 4 }, { appliedGeneration: 2, pendingBootReason: "no" }, "running"],
  ["renamed", {}, { appliedGeneration: 2 }, "running"],
  ["rebuild of a running one", { rebuildGeneration: 2 }, { appliedGeneration: 2 }, "rebuilding"],
  ["rebuild of a stopped one", { rebuildGeneration: 2, desiredPower: "stopped" }, { state: "stopped", appliedGeneration: 2 }, "rebuilding"],
  ["rebuilt while stopped", { rebuildGeneration: 2, desiredPower: "stopped" }, { state: "stopped" }, "stopped"],
  ["rebuild before it ever ran", { rebuildGeneration: 2 }, { state: "absent", rebuildGeneration: 0, appliedGeneration: 0 }, "provisioning"],
  ["being moved", {}, { phase: "migrating" }, "migrating"],
  ["being moved, and off", {}, { phase: "migrating", state: "stopped" }, "starting"],
  ["host lost", {}, { phase: "recovering" }, "recovering"],
  ["host silent", {}, { phase: "unreachable" }, "unreachable"],
  ["nobody knows", {}, { state: "unknown" }, "unreachable"],
  ["storage full", {}, { state: "paused", reason: "io-error" }, "paused"],
  ["suspended", {}, { state: "suspended" }, "paused"],
  ["in the trash, still running", { deletedAt: EARLIER, purgeAfter: LATER, desiredPower: "stopped" }, {}, "deleting"],
  ["in the trash", { deletedAt: EARLIER, purgeAfter: LATER, desiredPower: "stopped" }, { state: "stopped" }, "deleted"],
  ["in the trash, host silent", { deletedAt: EARLIER, purgeAfter: LATER, desiredPower: "stopped" }, { state: "stopped", phase: "unreachable" }, "deleted"],
  ["time in the trash over", { deletedAt: EARLIER, purgeAfter: NOW, desiredPower: "stopped" }, { state: "stopped" }, "deleting"],
  ["purged", { deletedAt: EARLIER, purgeAfter: EARLIER, purgedAt: NOW, desiredPower: "stopped" }, { state: "absent" }, "deleted"],
];

describe("status", () => {
  it.each(TABLE)("%s", (_what, wanted, observed, status) => {
    const facts = desired({ ...wanted, observation: observed === null ? null : seen(observed) });
    expect(deriveStatus(facts, NOW)).toBe(status);
    const reason = statusReason(deriveStatus(facts, NOW), facts);
    expect(reason === null || reason.length > 10).toBe(true);
  });

  it("explains what a word alone does not", () => {
    const reason = (observed: Partial<Observed>) => {
      const facts = desired({ observation: seen(observed) });
      return statusReason(deriveStatus(facts, NOW), facts);
    };
    expect(reason({ state: "paused", reason: "io-error" })).toContain("storage");
    expect(reason({ state: "stopped", failures: 4, lastError: "The disk image is locked." })).toBe("The disk image is locked.");
    expect(reason({ state: "absent", phase: "waiting-for-capacity", waiting: { text: "No host has 4 cores free.", smallestChange: null } })).toBe("No host has 4 cores free.");
    expect(reason({})).toBeNull();
  });
});

describe("status in SQL", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await makeOffer(database);
  });
  afterAll(() => database.close());

  const generations = fc.integer({ min: 1, max: 3 });
  const seenGenerations = fc.integer({ min: 0, max: 3 });
  const size = fc.constantFrom(1, 2);
  const observation = fc.record({
    state: fc.constantFrom("absent", "running", "paused", "shutting-down", "stopped", "crashed", "suspended", "unknown"),
    reason: fc.constantFrom("unknown", "io-error"),
    phase: fc.constantFrom(null, "waiting-for-capacity", "placed", "migrating", "recovering", "unreachable"),
    appliedGeneration: seenGenerations, bootGeneration: seenGenerations, rebuildGeneration: seenGenerations,
    vcpus: fc.option(size), memoryMiB: fc.option(size), diskGiB: fc.option(size), pendingBootReason: fc.constantFrom(null, "why"), failures: fc.integer({ min: 0, max: 4 }),
    lastError: fc.constant(null), waiting: fc.constant(null),
  }) as fc.Arbitrary<Observed>;
  const trash = fc.constantFrom(
    { deletedAt: null, purgeAfter: null, purgedAt: null }, { deletedAt: null, purgeAfter: null, purgedAt: null }, { deletedAt: EARLIER, purgeAfter: LATER, purgedAt: null },
    { deletedAt: EARLIER, purgeAfter: NOW, purgedAt: null }, { deletedAt: EARLIER, purgeAfter: EARLIER, purgedAt: NOW },
  );
  const facts = fc
    .record({ desiredPower: fc.constantFrom("running" as const, "stopped" as const), generation: generations, bootGeneration: generations, rebuildGeneration: generations, vcpus: size, memoryMiB: size, diskGiB: size, trash, observation: fc.option(observation) })
    .map(({ trash: when, ...rest }): StatusFacts => ({ ...rest, ...when }));

  it("says the same as the function, over thousands of rows", async () => {
    const tenant = await makeTenant(database);
    const context = testContext(database.worker);
    const rows = [
      ...TABLE.map(([, wanted, observed]) => desired({ ...wanted, observation: observed === null ? null : seen(observed) })),
      ...fc.sample(facts, { numRuns: 6000, seed: 7 }),
    ];
    const instances = rows.map((row, n) => ({ ...row, id: `ins_${n}` }));
    await database.worker.execute(sql`
      insert into instance (id, organization_id, cluster_id, name, flavor_id, image_id, uuid, vcpus, memory_mib, disk_gib, desired_power, generation, boot_generation, rebuild_generation, created_by, created_at, updated_at, deleted_at, purge_after, purged_at)
      select r.id, ${tenant.organizationId}, 'cls_1', r.id, 'flv_small', 'img_tiny', r.id, r.vcpus, r."memoryMiB", r."diskGiB", r."desiredPower", r.generation, r."bootGeneration", r."rebuildGeneration", 'test', now(), now(), r."deletedAt", r."purgeAfter", r."purgedAt"
      from jsonb_to_recordset(${JSON.stringify(instances)}::jsonb) as r(id text, vcpus int, "memoryMiB" int, "diskGiB" int, "desiredPower" text, generation int, "bootGeneration" int, "rebuildGeneration" int, "deletedAt" timestamptz, "purgeAfter" timestamptz, "purgedAt" timestamptz)`);
    const observations = instances.flatMap(({ id, observation: o }) => (o ? [{ ...o, id }] : []));
    await database.worker.execute(sql`
      insert into instance_observation (instance_id, organization_id, state, reason, phase, applied_generation, boot_generation, rebuild_generation, vcpus, memory_mib, disk_gib, pending_boot_reason, failures, observed_at)
      select r.id, ${tenant.organizationId}, r.state, r.reason, r.phase, r."appliedGeneration", r."bootGeneration", r."rebuildGeneration", r.vcpus, r."memoryMiB", r."diskGiB", r."pendingBootReason", r.failures, now()
      from jsonb_to_recordset(${JSON.stringify(observations)}::jsonb) as r(id text, state text, reason text, phase text, "appliedGeneration" int, "bootGeneration" int, "rebuildGeneration" int, vcpus int, "memoryMiB" int, "diskGiB" int, "pendingBootReason" text, failures int)`);
    const stored = new Map((await inTransaction(context, (tx) => selectStatuses(tx, NOW))).map(({ id, status }) => [id, status]));
    const differing = instances.filter((row) => stored.get(row.id) !== deriveStatus(row, NOW)).map((row) => ({ row, sql: stored.get(row.id), code: deriveStatus(row, NOW) }));
    expect(differing).toEqual([]);
    expect(new Set(stored.values()).size).toBe(17);
  });
});
