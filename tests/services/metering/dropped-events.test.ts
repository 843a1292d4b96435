import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeHostUsage, meterObservations, type HostUsageFact } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { insertInstanceRows } from "../../support/rows";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const START = Date.UTC(2026, 3, 1);
/** Hosts are asked so often; nothing that is lost may cost the tenant more than one such period for each loss. */
const PERIOD_SECONDS = 10;

type Host = "a" | "b" | "c";
/** Where the machine is, second by second: what a host says of it follows from this alone. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly host: Host;
  readonly moved?: true;
}

/** Created at 3, stopped, started, moved, suspended, resumed, its host lost, failed over, deleted at 300. */
const RUNS: readonly Run[] = [
  { from: 3, to: 41, host: "a" },
  { from: 55, to: 104, host: "a" },
  { from: 104, to: 143, host: "b", moved: true },
  { from: 167, to: 214, host: "b" },
  { from: 239, to: 300, host: "c" },
];
/** Larger from here on. */
const RESIZED = 78;
/** The host of the fourth run is gone; known at the second moment. */
const LOST = { host: "b", at: 214, known: 231 } as const;
const END = 330;

/** A word of one host, or what somebody else does, at a second. */
interface Event {
  readonly name: string;
  readonly second: number;
  readonly host: Host | null;
}

const at = (second: number): Date => new Date(START + second * 1_000);
const runAt = (second: number): Run | undefined => RUNS.find((run) => run.from <= second && second < run.to);

/** Every host is asked each period; what somebody did is told by the word of its moment as well. */
function eventsOfLife(): readonly Event[] {
  const events: Event[] = [{ name: "resize order", second: RESIZED - 1, host: null }, { name: "fence", second: LOST.known, host: null }];
  for (let second = PERIOD_SECONDS; second <= END; second += PERIOD_SECONDS) {
    for (const host of ["a", "b", "c"] as const) if (host !== LOST.host || second < LOST.at) events.push({ name: `word of ${host} at ${second}`, second, host });
  }
  const told: readonly (readonly [string, number, Host])[] = [["create", 3.5, "a"], ["stop", 41.5, "a"], ["start", 55.5, "a"], ["resize", RESIZED, "a"], ["migrate", 104.5, "b"], ["suspend", 143.5, "b"], ["resume", 167.5, "b"], ["fail over", 239.5, "c"], ["delete", 300.5, "c"]];
  for (const [name, second, host] of told) events.push({ name, second, host });
  return events.toSorted((one, other) => one.second - other.second);
}

const EVENTS = eventsOfLife();

type Billed = readonly { readonly flavor: string; readonly from: number; readonly to: number }[];

/** The same life many times side by side, each without the events that are named for it. What is billed of each. */
async function live(losses: ReadonlyMap<string, ReadonlySet<string>>): Promise<ReadonlyMap<string, Billed>> {
  const clock = new VirtualClock(START);
  const context = testContext(database.worker, { clock });
  const heard = new Map<string, number>();
  for (const label of losses.keys()) await insertInstanceRows(database.owner, { organizationId: `org_${label}`, instanceId: `ins_${label}`, at: at(0) });
  for (const { name, second, host } of EVENTS) {
    await clock.advance(START + second * 1_000 - clock.nowMs());
    const those = [...losses].flatMap(([label, lost]) => (lost.has(name) ? [] : [label]));
    const ids = sql`(select 'ins_' || jsonb_array_elements_text(${JSON.stringify(those)}::jsonb))`;
    if (name === "resize order") await database.owner.execute(sql`update instance set flavor_id = 'flv_large', vcpus = 2, memory_mib = 1024 where id in ${ids}`);
    else if (host === null) {
      for (const label of those) await inTransaction(context, (tx) => closeHostUsage(tx, context, { hostId: `${label}-${LOST.host}`, lastWord: at(heard.get(`${label}-${LOST.host}`) ?? 0) }));
    } else {
      // What a host shows is the size that runs.
      if (second >= RESIZED) await database.owner.execute(sql`update instance_observation set vcpus = 2, memory_mib = 1024 where vcpus <> 2 and instance_id in ${ids}`);
      const run = runAt(second);
      const facts = those.map((label): HostUsageFact => {
        const hostId = `${label}-${host}`;
        const previous = heard.get(hostId);
        heard.set(hostId, second);
        return { hostId, confirmedThrough: at(second), previouslyConfirmedThrough: previous === undefined ? null : at(previous), running: run?.host === host ? [{ instanceId: `ins_${label}`, since: run.moved ? null : at(run.from), continues: run.moved === true }] : [] };
      });
      await inTransaction(context, (tx) => meterObservations(tx, context, facts));
    }
  }
  const { rows } = await database.owner.execute<{ resource_id: string; flavor_id: string; from: number; to: number }>(sql`
    select resource_id, flavor_id, extract(epoch from started_at)::float8 - ${START / 1000} as from, extract(epoch from ended_at)::float8 - ${START / 1000} as to from usage_window where meter = 'instance' order by started_at`);
  return new Map([...losses.keys()].map((label) => [label, rows.filter((row) => row.resource_id === `ins_${label}`).map((row) => ({ flavor: row.flavor_id, from: row.from, to: row.to }))]));
}

/** Seconds billed while it did not run, and seconds that ran and are not billed. */
function compare(billed: readonly { readonly from: number; readonly to: number }[]): { readonly beyond: number; readonly missing: number } {
  const overlap = (part: { readonly from: number; readonly to: number }): number => RUNS.reduce((sum, run) => sum + Math.max(0, Math.min(part.to, run.to) - Math.max(part.from, run.from)), 0);
  const total = billed.reduce((sum, part) => sum + part.to - part.from, 0);
  const covered = billed.reduce((sum, part) => sum + overlap(part), 0);
  return { beyond: total - covered, missing: RUNS.reduce((sum, run) => sum + run.to - run.from, 0) - covered };
}

describe("a life whose events are lost", () => {
  it("is billed within an observation period whichever single event is dropped: create, start, stop, resize, migrate, suspend, resume, fence, fail over, delete, each observation", async () => {
    const lives = await live(new Map([["whole", new Set<string>()], ...EVENTS.map(({ name }, index): [string, ReadonlySet<string>] => [`drop${index}`, new Set([name])])]));
    const whole = compare(lives.get("whole")!);
    // Every end was told at once, so that nothing is missing but the half second until then; a lost host ends with its last word.
    expect(whole.beyond).toBe(0);
    expect(whole.missing).toBeLessThanOrEqual(RUNS.length * PERIOD_SECONDS);
    const wrong: string[] = [];
    for (const [index, { name }] of EVENTS.entries()) {
      const billed = lives.get(`drop${index}`)!;
      const { beyond, missing } = compare(billed);
      if (beyond > PERIOD_SECONDS) wrong.push(`without "${name}": ${beyond} s beyond`);
      // A loss costs us at most a period more.
      if (missing > whole.missing + PERIOD_SECONDS + 1) wrong.push(`without "${name}": ${missing} s not billed`);
      const early = billed.find((part) => part.flavor === "flv_large" && part.from < RESIZED);
      if (early) wrong.push(`without "${name}": the larger size from ${early.from}`);
      for (const [place, part] of billed.entries()) if (place > 0 && part.from < billed[place - 1]!.to) wrong.push(`without "${name}": two windows at once`);
    }
    expect(wrong).toEqual([]);
  });

  it("is never billed beyond by more than the silence when every host is silent for a while", async () => {
    const silences = [[36, 60], [100, 110], [140, 170], [210, 245], [295, 331]] as const;
    const lives = await live(new Map(silences.map(([from, to], index) => [`silent${index}`, new Set(EVENTS.filter((event) => event.host !== null && event.second >= from && event.second < to).map((event) => event.name))])));
    for (const [index, [from, to]] of silences.entries()) expect(compare(lives.get(`silent${index}`)!).beyond, `silent from ${from} to ${to}`).toBeLessThanOrEqual(to - from);
  });
});
