import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attempt, foreignIdFindings, isMembers, marksOf, openHouse, strangerFindings, validInput, WALKED, type House } from "./harness";
import { PROCEDURES } from "./procedures";

/** Row-level security is the second wall. Here it is taken down: the first one must hold alone. */
let house: House;
beforeAll(async () => {
  house = await openHouse();
  const tables = await house.database.owner.execute<{ name: string }>(sql`select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r'`);
  for (const { name } of tables.rows) await house.database.owner.execute(sql`alter table ${sql.identifier(name)} disable row level security`);
});
afterAll(() => house.close());

describe.each(WALKED.filter(({ path }) => PROCEDURES[path] && isMembers(PROCEDURES[path])))("$path without row-level security", (walked) => {
  const entry = PROCEDURES[walked.path]!;

  it("shows nothing of another tenant, and answers its ids like missing ones", async () => {
    const { world } = house;
    const own = await attempt(house, walked, world.globex.people.owner, await validInput(house, entry, world.globex));
    expect(marksOf(world.acme).filter((mark) => own.seen.includes(mark))).toEqual([]);
    expect([...(await strangerFindings(house, walked, entry)), ...(await foreignIdFindings(house, walked, entry))]).toEqual([]);
  });
});
