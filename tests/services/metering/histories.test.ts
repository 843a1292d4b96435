import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readHourlyHistories } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { insertInstanceRows } from "../../support/rows";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const NOW = Date.parse("2026-03-10T12:30:00Z");
const hour = (hoursAgo: number): string => new Date(Math.floor(NOW / 3_600_000) * 3_600_000 - hoursAgo * 3_600_000).toISOString();

it("hours are evenly spaced from the first one on, with gaps where nothing was measured, and end with the last full one", async () => {
  for (const id of ["ins_a", "ins_b"]) await insertInstanceRows(database.owner, { organizationId: "org_h", instanceId: id, at: new Date(NOW - 10 * 86_400_000), vcpus: 2, memoryMiB: 1_024 });
  const write = (id: string, hoursAgo: number, cpu: number, steal = 0) =>
    database.owner.execute(sql`insert into sample_hour (organization_id, instance_id, hour, minutes, cpu_millicores, cpu_millicores_max, cpu_steal_millicores, disk_read_bytes, disk_written_bytes, net_received_bytes, net_sent_bytes)
      values ('org_h', ${id}, ${hour(hoursAgo)}, 60, ${cpu}, ${cpu}, ${steal}, 0, 0, 0, 0)`);
  await write("ins_a", 4, 100);
  await write("ins_a", 2, 300, 50);
  await write("ins_a", 1, 400);
  await write("ins_b", 1, 600);
  // The hour that is under way, and one before the window, do not count.
  await write("ins_a", 0, 9_000);
  await write("ins_a", 48, 9_000);
  const context = testContext(database.worker, { clock: new VirtualClock(NOW) });
  const past = await readHourlyHistories(context, "cls_rows", { days: 1, mostInstances: 10 });
  expect(past.endSeconds).toBe(Date.parse(hour(0)) / 1_000);
  expect(past.instances.get("ins_a")).toEqual([100, Number.NaN, 350, 400]);
  expect(past.instances.get("ins_b")).toEqual([600]);
  expect(past.cluster).toEqual({ cpuMillicores: [100, Number.NaN, 350, 1_000], memoryMiB: [1_024, Number.NaN, 1_024, 2_048], vcpus: [2, Number.NaN, 2, 4] });
  // More instances than the caller can use: the cluster's habit alone.
  const few = await readHourlyHistories(context, "cls_rows", { days: 1, mostInstances: 1 });
  expect(few.instances.size).toBe(0);
  expect(few.cluster.cpuMillicores).toHaveLength(4);
});
