import { readFileSync } from "node:fs";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findDrift, listDrift, meterObservations } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { CORPUS, liveBatch, type CorpusEntry } from "../../support/life/live-batch";
import { liveMonths, recountAll } from "../../support/metered-life";
import { insertInstanceRows } from "../../support/rows";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const SEEDS = Array.from({ length: 8 }, (_, index) => index + 1);
/** Small ones of each kind, and whatever once went wrong. Whole ones: `npm run bench -- usage-life --seeds 1000`. */
const BATCHES: readonly CorpusEntry[] = [{ batch: 1, many: 4, rounds: 5 }, { batch: 2, many: 4, rounds: 5 }, ...readFileSync(CORPUS, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as CorpusEntry)];

describe("months under the real loops on simulated hosts, invoiced and paid at a simulated Stripe", () => {
  it.each(BATCHES)("are billed exactly as they were, and Stripe is the ledger: batch $batch, $many organizations, $rounds rounds", async ({ batch, many, rounds }) => {
    const own = await createTestDatabase();
    try {
      expect((await liveBatch(own, batch, { many, rounds })).findings).toEqual([]);
    } finally {
      await own.close();
    }
  }, 600_000);
});

describe("a month of words alone", () => {
  it("is billed to the second as it really was, whatever was lost, doubled or late, and its invoice is the ledger", async () => {
    expect(await liveMonths(database, SEEDS, 60)).toEqual([]);
  });

  it("is counted the same from the hosts' words alone", async () => {
    expect(await recountAll(database)).toEqual([]);
  });
});

describe("the daily recount", () => {
  it("finds nothing in a day as it was, and names a window that somebody bent", async () => {
    const day = Date.UTC(2026, 4, 10);
    const clock = new VirtualClock(day);
    const context = testContext(database.worker, { clock });
    for (const id of ["ins_day1", "ins_day2"]) await insertInstanceRows(database.owner, { organizationId: "org_day", instanceId: id, at: new Date(day) });
    const since = new Date(day - 3_600_000);
    for (let minutes = 0; minutes <= 25 * 60; minutes += 30) {
      const at = new Date(day + minutes * 60_000);
      // The second one stops in the afternoon.
      const running = ["ins_day1", ...(minutes < 15 * 60 ? ["ins_day2"] : [])].map((instanceId) => ({ instanceId, since, continues: false }));
      await inTransaction(context, (tx) => meterObservations(tx, context, [{ hostId: "day", confirmedThrough: at, previouslyConfirmedThrough: minutes === 0 ? null : new Date(at.getTime() - 1_000), running }]));
    }
    expect(await findDrift(context, new Date(day))).toEqual([]);
    await database.owner.execute(sql`alter table usage_window disable trigger usage_window_frozen`);
    await database.owner.execute(sql`update usage_window set ended_at = ended_at - interval '90 seconds' where resource_id = 'ins_day2'`);
    await database.owner.execute(sql`alter table usage_window enable trigger usage_window_frozen`);
    const [drift] = await findDrift(context, new Date(day));
    expect(drift).toMatchObject({ resourceId: "ins_day2", countedMs: drift!.billedMs + 90_000 });
    expect(drift!.explanation).toMatch(/90 s of flv_small seen and not billed\. Look at usw_/);
    expect((await listDrift(context)).map((row) => row.resourceId)).toEqual(["ins_day2"]);
  });
});
