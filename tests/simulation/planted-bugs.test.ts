import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLANTED_BUGS } from "@/server/lab/sim/seed/planted-bugs";
import { runSeed } from "@/server/lab/sim/seed/run-seed";
import type { SimDatabaseServer } from "@/server/lab/sim/server";
import { simTestDatabase } from "./database";

/** Seeds tried from the known one on; the goal is 2,000, and each is found within a few of its own. */
const SEEDS = Number(process.env["SIM_PLANTED_SEEDS"] ?? 8);
const LENGTH_MS = 10_000;
/** Without the bug the same seeds are settled within a few seconds. */
const HEAL_WITHIN_MS = 25_000;

let server: SimDatabaseServer;
beforeAll(async () => {
  server = await simTestDatabase();
});
afterAll(() => server.close());

describe("a bug that is planted from outside is caught", () => {
  it.each(PLANTED_BUGS)("$name", async ({ bend, faults, from }) => {
    let caught: string | null = null;
    for (let seed = from; seed < from + SEEDS && caught === null; seed++) caught = (await runSeed({ seed, server, faults, lengthMs: LENGTH_MS, healWithinMs: HEAL_WITHIN_MS, bend })).violation?.invariant ?? null;
    expect(caught).not.toBeNull();
  }, 600_000);
});
