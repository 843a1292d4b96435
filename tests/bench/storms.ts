import { sql } from "drizzle-orm";
import { addVersion, assignPeople, createPool, getPool, listGolden, openDesktop, publishVersion } from "@/server/desktop";
import type { Context } from "@/server/platform/context";
import { openCentre, until } from "../scenarios/centre";
import { createBenchDatabase } from "./support/bench-database";
import { playAhead, type Ahead } from "./support/log-on-history";
import { percentile, type Bench, type BenchRow } from "./types";

const PEOPLE = 300;
const MINUTES = 10;
const READY = 40;
/** The pool's target: who logs on sits in front of a desktop within so long, nineteen of twenty times. */
const TARGET_SECONDS = 5;
const HOSTS = 12;
const CORES = 64;
const MEMORY_MIB = 262_144;

/**
 * People log on one after the other, evenly, against the real loops and a real Postgres over simulated hosts, which start a machine at once: the
 * seconds are the control plane's own, from the click to a desktop that runs.
 */
async function storm(people: number, minutes: number): Promise<{ readonly waitsSeconds: number[]; readonly given: Readonly<Record<string, number>>; readonly doubled: number }> {
  const hosts = Array.from({ length: HOSTS }, (_, index) => `h${index + 1}`);
  const centre = await openCentre({ hosts, cores: CORES, memoryMiB: MEMORY_MIB, database: await createBenchDatabase() });
  try {
    const version = await addVersion(centre.tenant, { goldenImageName: "office", imageId: centre.imageId });
    await until("the version is checked", 180_000, async () => (await listGolden(centre.tenant))[0]?.state === "checked", () => listGolden(centre.tenant));
    await publishVersion(centre.tenant, { versionId: version.id });
    const { id: poolId } = await createPool(centre.tenant, { name: "office", kind: "floating", goldenImageId: version.goldenImageId, flavorId: centre.flavors.small, minimumReady: READY, maximum: people + READY });
    await assignPeople(centre.tenant, { poolId, everybody: true });
    const persons: Context[] = [];
    for (let index = 0; index < people; index++) {
      const id = `usr_storm${index}`;
      await centre.database.owner.execute(sql`insert into user_account (id, email, name, created_at) values (${id}, ${`${id}@example.test`}, ${id}, now())`);
      await centre.database.owner.execute(sql`insert into member (organization_id, user_id, role, created_at) values (${centre.tenant.organizationId}, ${id}, 'viewer', now())`);
      persons.push({ ...centre.tenant, actor: { kind: "user", id } });
    }
    await until("the first stand ready", 600_000, async () => (await getPool(centre.tenant, { poolId })).counts.ready >= READY, async () => (await getPool(centre.tenant, { poolId })).counts);
    const startedMs = performance.now();
    const gapMs = (minutes * 60_000) / people;
    const asks: Promise<unknown>[] = [];
    for (const [index, person] of persons.entries()) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, startedMs + index * gapMs - performance.now())));
      asks.push(openDesktop(person, { poolId }));
      if (index % 30 === 29) console.error(`  ${index + 1} of ${people} asked after ${Math.round((performance.now() - startedMs) / 1_000)} s`);
    }
    await Promise.all(asks);
    await until("everybody has a desktop", 600_000, async () => (await centre.rows(`select 1 from desktop_session where pool_id = '${poolId}' and ready_at is not null`)).length === people);
    const rows = await centre.rows<{ given: string; seconds: number }>(`select given, extract(epoch from ready_at - asked_at)::float as seconds from desktop_session where pool_id = '${poolId}'`);
    const doubled = await centre.rows(`select desktop_id from desktop_session where pool_id = '${poolId}' and ended_at is null group by 1 having count(*) > 1`);
    const given: Record<string, number> = {};
    for (const row of rows) given[row.given] = (given[row.given] ?? 0) + 1;
    await centre.checkInvariants();
    return { waitsSeconds: rows.map(({ seconds }) => seconds), given, doubled: doubled.length };
  } finally {
    await centre.close();
  }
}

/**
 * Log-on storms: `npm run bench -- storms [PEOPLE] [MINUTES]`, and what being ready ahead of time is worth: four weeks of an office minute by minute, under
 * the product's rules, with the weeks before as what is learned from. `storms ahead` plays the second part alone,
 * `storms alone` the first.
 */
export const run: Bench = async ({ args }) => {
  const numbers = args.filter((arg) => /^\d+$/.test(arg)).map(Number);
  const [people = PEOPLE, minutes = MINUTES] = numbers;
  const rows: BenchRow[] = [];
  const ways: Readonly<Record<string, Ahead>> = args.includes("alone") ? {} : { none: playAhead("none"), schedule: playAhead("schedule"), learned: playAhead("learned") };
  for (const [way, { waitsSeconds, idleHoursAWeek }] of Object.entries(ways)) {
    rows.push({ label: `ready ahead, ${way}: opened at once`, value: (100 * waitsSeconds.filter((wait) => wait === 0).length) / waitsSeconds.length, unit: "%" });
    rows.push({ label: `ready ahead, ${way}: wait p95`, value: percentile(waitsSeconds, 0.95), unit: "s" });
    rows.push({ label: `ready ahead, ${way}: desktops that stood ready unused`, value: idleHoursAWeek, unit: "h a week" });
  }
  const measured = args.includes("ahead") ? null : await storm(people, minutes);
  if (measured) {
    const p95 = percentile(measured.waitsSeconds, 0.95);
    rows.push({ label: `storm of ${people} in ${minutes} min: click to a desktop, p50`, value: percentile(measured.waitsSeconds, 0.5), unit: "s" });
    rows.push({ label: `storm of ${people} in ${minutes} min: click to a desktop, p95`, value: p95, unit: "s", goal: `<= ${TARGET_SECONDS} s`, held: p95 <= TARGET_SECONDS });
    rows.push({ label: "slowest", value: Math.max(...measured.waitsSeconds), unit: "s" });
    for (const [given, count] of Object.entries(measured.given)) rows.push({ label: `given: ${given}`, value: count, unit: "" });
    rows.push({ label: "desktops with two people", value: measured.doubled, unit: "", goal: "0", held: measured.doubled === 0 });
  }
  return { name: "storms", rows, raw: { ways, measured } };
};
