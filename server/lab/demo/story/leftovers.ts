import pg from "pg";
import type { Stage } from "./stage";

/** What nobody owns must not exist: for the machines that the story ordered. */
export function leftovers(stage: Stage, databaseUrl: string): Promise<Record<string, unknown>> {
  return leftoversOf(stage, databaseUrl, [stage.instanceId, ...stage.others]);
}

/** What is left of machines that were deleted: asked of the hosts, of the storage and of our own records. */
export async function leftoversOf(stage: Stage, databaseUrl: string, ids: readonly string[]): Promise<Record<string, unknown>> {
  const { guests, volumes } = await stage.centre.remains();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const number = async (query: string): Promise<number> => Number((await client.query<{ n: string }>(query, [ids])).rows[0]?.n);
    const counts = {
      domains: guests.filter((name) => ids.includes(name)).length,
      disks: volumes.filter((name) => ids.some((id) => name.includes(id))).length + (await number("select count(*) as n from volume where instance_id = any($1) and state <> 'removed'")),
      addresses: await number("select count(*) as n from address where instance_id = any($1) and released_at is null"),
      holds: await number("select count(*) as n from quota_hold where subject_id = any($1)"),
      allocations: await number("select count(*) as n from allocation where instance_id = any($1)"),
      openWindows: await number("select count(*) as n from usage_window where instance_id = any($1) and meter = 'instance' and closed_at is null"),
    };
    return { ok: Object.values(counts).every((count) => count === 0), ...counts };
  } finally {
    await client.end();
  }
}
