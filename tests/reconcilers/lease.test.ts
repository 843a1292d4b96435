import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acquireLease, LeaseLost } from "@/server/platform/lease";
import { leasedDatabase } from "@/server/platform/leased-database";
import { silentLogger } from "@/server/platform/logger";
import { inTransaction } from "@/server/platform/transaction";
import { Crew, Machines, type LoopDefinition } from "@/server/reconcilers";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function crew(loops: readonly LoopDefinition[], holder: string, leaseTtlMs = 5_000): Crew {
  return new Crew({ context: testContext(database.worker), machines: new Machines({ hypervisors: [], powers: [] }), loops, seedImage: () => new Uint8Array(), holder, databaseUrl: database.url.worker, leaseTtlMs });
}

describe("a worker past its lease", () => {
  it("can write nothing through any verb, whatever it believes", async () => {
    const sleeper = (await acquireLease(database.worker, "zombie", "sleeper", 2_000))!;
    const context = { ...testContext(database.worker), db: leasedDatabase(database.worker, () => sleeper) };
    await inTransaction(context, (tx) => tx.execute(sql`insert into rate_limit (key, points) values ('while-held', 1)`));
    while ((await acquireLease(database.worker, "zombie", "heir", 60_000)) === null) await pause(50);
    await expect(inTransaction(context, (tx) => tx.execute(sql`insert into rate_limit (key, points) values ('too-late', 1)`))).rejects.toBeInstanceOf(LeaseLost);
    expect((await database.owner.execute(sql`select key from rate_limit`)).rows).toEqual([{ key: "while-held" }]);
    // Reading is free: what it reads leads to no write.
    await inTransaction(context, (tx) => tx.execute(sql`select 1`), { readOnly: true });
  });
});

describe("several workers", () => {
  it("run each loop in one place at a time, and the other takes over after an orderly stop", async () => {
    const running: string[] = [];
    let overlap = false;
    const loop = (holder: string): LoopDefinition => ({
      name: "one-of-many",
      periodMs: 20,
      async pass() {
        overlap ||= running.length > 0;
        running.push(holder);
        await pause(5);
        running.pop();
        passes.set(holder, (passes.get(holder) ?? 0) + 1);
        return { backlog: 0 };
      },
    });
    const passes = new Map<string, number>();
    const first = crew([loop("a")], "a", 800);
    const second = crew([loop("b")], "b", 800);
    await Promise.all([first.start(), second.start()]);
    await pause(500);
    const [leader] = [...passes.keys()];
    expect([...passes.keys()]).toHaveLength(1);
    await (leader === "a" ? first : second).stop();
    await pause(1_500);
    expect([...passes.keys()]).toHaveLength(2);
    expect(overlap).toBe(false);
    await Promise.all([first.stop(), second.stop()]);
  });

  it("are woken by name, come again after a failure, and say how it went", async () => {
    let passes = 0;
    const loop: LoopDefinition = {
      name: "fails-once",
      periodMs: 60_000,
      pass: () => {
        passes += 1;
        return passes === 1 ? Promise.reject(new Error("the first pass is unlucky")) : Promise.resolve({ backlog: passes });
      },
    };
    const worker = crew([loop], "w");
    await worker.start();
    await pause(1_200);
    expect(passes).toBe(2);
    await database.worker.execute(sql`select pg_notify('berth_wake', 'fails-once')`);
    await pause(300);
    expect(passes).toBe(3);
    expect((await database.owner.execute(sql`select runs, failures, backlog, last_error from loop_status where name = 'fails-once'`)).rows).toEqual([{ runs: "3", failures: "1", backlog: 3, last_error: "the first pass is unlucky" }]);
    await worker.stop();
    expect(silentLogger.level).toBe("silent");
  });

  it("let work under way end before they stop, and never begin the same piece twice", async () => {
    let begun = 0;
    let ended = 0;
    const loop: LoopDefinition = {
      name: "long-work",
      periodMs: 10,
      pass: ({ background }) => {
        background("piece", async () => {
          begun += 1;
          await pause(400);
          ended += 1;
        });
        return Promise.resolve({ backlog: 0 });
      },
    };
    const worker = crew([loop], "l");
    await worker.start();
    await pause(200);
    expect(begun).toBe(1);
    await worker.stop();
    expect(ended).toBe(begun);
  });
});
