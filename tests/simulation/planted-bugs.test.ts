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

describe("a bug that is planted from outside is caught by the seed that is known for it", () => {
  it.each(PLANTED_BUGS.flatMap((bug) => (bug.seed === null ? [] : [{ ...bug, seed: bug.seed }])))("$name", async (bug) => {
    expect(await playPlanted(bug, bug.seed, server), "npm run sim -- --planted looks for another seed").not.toBeNull();
  }, 600_000);
});
