import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EVENTS_KEPT_MS, expireEvents, receiveEvents } from "@/server/billing";
import { VirtualClock } from "@/server/platform/clock";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";

const DAY_MS = 86_400_000;
/** How long the provider lists an event. */
const LISTED_MS = 30 * DAY_MS;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it("events are forgotten when they are worked off and too old to come again, and never before", async () => {
  const clock = new VirtualClock(Date.UTC(2026, 5, 1));
  const context = testContext(database.worker, { clock });
  const ago = (days: number): Date => new Date(clock.nowMs() - days * DAY_MS);
  const event = (id: string, days: number) => ({ id, type: "invoice.paid", apiVersion: null, occurredAt: ago(days), objectKind: "invoice", objectId: "in_1", payload: {} });
  const all = [["evt_old_done", 46, 46, "done"], ["evt_old_kept", 50, 46, "kept"], ["evt_old_new", 60, 60, "new"], ["evt_listed", 29, 29, "done"], ["evt_found_late", 46, 20, "done"], ["evt_just_inside", 44, 44, "done"]] as const;
  for (const [id, occurred, received, state] of all) {
    await receiveEvents(context, [event(id, occurred)], "webhook");
    await database.owner.execute(sql`update payment_event set received_at = ${ago(received).toISOString()}, state = ${state}, worked_at = case when ${state} <> 'new' then received_at end where id = ${id}`);
  }
  expect(EVENTS_KEPT_MS).toBeGreaterThan(LISTED_MS);
  expect(await expireEvents(context)).toBe(2);
  expect(await expireEvents(context)).toBe(0);
  const { rows } = await database.owner.execute<{ id: string }>(sql`select id from payment_event order by id`);
  expect(rows.map((row) => row.id)).toEqual(["evt_found_late", "evt_just_inside", "evt_listed", "evt_old_new"]);
  // Whatever the provider may still send is known, so that it is not taken for new.
  expect(await receiveEvents(context, [event("evt_listed", 29)], "replay")).toBe(0);
  await expect(expireEvents({ ...context, scope: "tenant", organizationId: "org_x" })).rejects.toThrow();
});
