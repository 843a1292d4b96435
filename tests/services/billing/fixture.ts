import { sql } from "drizzle-orm";
import { VirtualClock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import { seededRandom } from "@/server/platform/random";
import { testContext, type TestDatabase } from "../../support/database";

const source = { clock: new VirtualClock(Date.UTC(2026, 0, 1)), random: seededRandom(1) };

/** An organization without anything. */
export async function addOrganization(database: TestDatabase, fields: { readonly currency?: string; readonly timeZone?: string; readonly at?: Date } = {}): Promise<string> {
  const id = mintId("organization", source);
  await database.owner.execute(sql`insert into organization (id, slug, name, currency, time_zone, created_at) values (${id}, ${id.replace("_", "-")}, ${`株式会社 ${id.slice(-4)}`}, ${fields.currency ?? "JPY"}, ${fields.timeZone ?? "Asia/Tokyo"}, ${(fields.at ?? new Date(Date.UTC(2025, 11, 1))).toISOString()})`);
  return id;
}

export { testContext };
