import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { playPlanted } from "@/server/lab/sim/seed/find-planted";
import { PLANTED_BUGS } from "@/server/lab/sim/seed/planted-bugs";
import type { SimDatabaseServer } from "@/server/lab/sim/server";
import { simTestDatabase } from "./database";

let server: SimDatabaseServer;
beforeAll(async () => {
  server = await simTestDatabase();
});
afterAll(() => server.close());

const KNOWN = PLANTED_BUGS.flatMap((bug) => (bug.seed === null || bug.long ? [] : [{ ...bug, seed: bug.seed }]));

describe("a bug that is planted from outside is caught by the seed that is known for it", () => {
  it.each(KNOWN)("$name", async (bug) => {
    expect(await playPlanted(bug, bug.seed, server), "npm run sim -- --planted looks for another seed").not.toBeNull();
  }, 600_000);

  it("and the same seeds without the bug hold every invariant", async () => {
    const plain = new Map(KNOWN.map((bug) => [`seed ${bug.seed} ${bug.faults.join(",")} ${bug.sleepy ?? false}`, bug]));
    for (const [named, bug] of plain) expect(await playPlanted(bug, bug.seed, server, false), named).toBeNull();
  }, 600_000);

  it("at least twelve of them", () => {
    expect(KNOWN.length).toBeGreaterThanOrEqual(12);
  });
});
