import { sql } from "drizzle-orm";
import { draftInvoice, issueDueInvoices, readBalance, readEvidence, verifyEvidence } from "@/server/billing";
import { usageFact } from "@/db/schema/metering";
import { closeHostUsage, meterObservations, recountRuns, type HostUsageFact } from "@/server/metering";
import { VirtualClock } from "@/server/platform/clock";
import { seededRandom } from "@/server/platform/random";
import { inTransaction } from "@/server/platform/transaction";
import type { Random } from "@/server/platform/random";
import { testContext, type TestDatabase } from "./database";
import { insertInstanceRows } from "./rows";

/** A run of one guest as it really was: where, when, and what was seen of it. */
interface Run {
  readonly startMs: number;
  host: string;
  moved: boolean;
  endMs: number | null;
}

interface Guest {
  readonly id: string;
  run: Run | null;
  flavor: "flv_small" | "flv_large";
  /** What should be billed, by flavor: grown by every word that reaches us. */
  readonly due: Record<string, number>;
  seen: { run: Run; atMs: number; flavor: string; gone: boolean } | null;
}

interface Host {
  readonly id: string;
  up: boolean;
  reachable: boolean;
  heardMs: number | null;
  /** A word that was delayed: delivered after a newer one. */
  late: HostUsageFact | null;
}

interface Life {
  readonly organizationId: string;
  readonly random: Random;
  readonly guests: Guest[];
  readonly hosts: Host[];
}

const MONTH_START = Date.UTC(2026, 0, 1);
const MONTH_END = Date.UTC(2026, 1, 1);
const GUESTS = 4;
const HOSTS = 3;
/** An arrival joins the run before it when that was confirmed at most so long ago (server/metering/README.md). */
const JOINED_MS = 120_000;

export interface LifeFinding {
  readonly seed: number;
  readonly what: string;
}

/**
 * Months of several organizations side by side: orders, stops, resizes, migrations, hosts that crash, are cut off and come back, a worker that is
 * away, words that are lost, doubled and late; then the month closes. Answers everything that does not agree with how it really was.
 */
export async function liveMonths(database: TestDatabase, seeds: readonly number[], rounds: number): Promise<LifeFinding[]> {
  const clock = new VirtualClock(MONTH_START);
  const context = testContext(database.worker, { clock });
  const shared = seededRandom(seeds.reduce((sum, seed) => sum * 31 + seed, 7) % 2_147_483_647);
  const lives: Life[] = [];
  for (const seed of seeds) lives.push(await beginLife(database, seed));
  const gapMs = (MONTH_END - MONTH_START) / rounds;
  for (let round = 0; clock.nowMs() < MONTH_END + 2 * 86_400_000; round++) {
    const before = clock.nowMs();
    // Five seconds to a tenth of a day, so that some words come close together and some after hours.
    const step = 5_000 + 1_000 * Math.floor((shared.float() < 0.5 ? shared.float() * 100_000 : shared.float() * gapMs * 4) / 1_000);
    await clock.advance(step);
    const facts: HostUsageFact[] = [];
    const fenced: { hostId: string; lastWord: Date | null }[] = [];
    for (const life of lives) fenced.push(...happen(life, clock.nowMs() - 3_000));
    await database.owner.execute(sql`update instance i set flavor_id = f.flavor, vcpus = case f.flavor when 'flv_large' then 2 else 1 end, memory_mib = case f.flavor when 'flv_large' then 1024 else 512 end
      from jsonb_to_recordset(${JSON.stringify(lives.flatMap((life) => life.guests.map((guest) => ({ id: guest.id, flavor: guest.flavor }))))}::jsonb) as f(id text, flavor text) where i.id = f.id and i.flavor_id <> f.flavor`);
    await database.owner.execute(sql`update instance_observation o set vcpus = i.vcpus, memory_mib = i.memory_mib from instance i where i.id = o.instance_id and o.vcpus <> i.vcpus`);
    for (const one of fenced) await inTransaction(context, (tx) => closeHostUsage(tx, context, one));
    const workerAway = shared.float() < 0.08;
    if (!workerAway) for (const life of lives) facts.push(...observe(life, clock.nowMs()));
    if (facts.length > 0) await inTransaction(context, (tx) => meterObservations(tx, context, facts));
    // The same words again, and those that were late.
    const again = [...facts.filter(() => shared.float() < 0.1), ...lives.flatMap((life) => takeLate(life))];
    if (again.length > 0) await inTransaction(context, (tx) => meterObservations(tx, context, again));
    if (before < MONTH_END && clock.nowMs() >= MONTH_END) await clock.advance(0);
    if (clock.nowMs() > MONTH_END) await issueDueInvoices(context);
  }
  await clock.advance(30 * 3_600_000);
  await issueDueInvoices(context);
  return (await Promise.all(lives.map((life, index) => judge(database, context, life, seeds[index] ?? 0)))).flat();
}

async function beginLife(database: TestDatabase, seed: number): Promise<Life> {
  const organizationId = `org_life${seed}`;
  const at = new Date(MONTH_START);
  const guests: Guest[] = [];
  for (let index = 0; index < GUESTS; index++) {
    const id = `ins_life${seed}x${index}`;
    await insertInstanceRows(database.owner, { organizationId, instanceId: id, at });
    guests.push({ id, run: null, flavor: "flv_small", due: { flv_small: 0, flv_large: 0 }, seen: null });
  }
  await database.owner.execute(sql`update organization set time_zone = 'UTC' where id = ${organizationId}`);
  await database.owner.execute(sql`insert into price_version (id, meter, flavor_id, currency, micros_per_hour, valid_from, created_at, created_by) values ('prv_life_s', 'instance', 'flv_small', 'JPY', 1234567, '2020-01-01', '2020-01-01', 'test'), ('prv_life_l', 'instance', 'flv_large', 'JPY', 2345678, '2020-01-01', '2020-01-01', 'test') on conflict do nothing`);
  const hosts = Array.from({ length: HOSTS }, (_, index): Host => ({ id: `life${seed}h${index}`, up: true, reachable: true, heardMs: null, late: null }));
  return { organizationId, random: seededRandom(seed), guests, hosts };
}

/** What happens in one life at a moment; answers the hosts that were fenced. */
function happen(life: Life, nowMs: number): { hostId: string; lastWord: Date | null }[] {
  const { random } = life;
  const fenced: { hostId: string; lastWord: Date | null }[] = [];
  for (const host of life.hosts) {
    const dice = random.float();
    if (host.up && dice < 0.01) {
      host.up = false;
      for (const guest of life.guests) if (guest.run?.host === host.id) guest.run.endMs ??= nowMs;
    } else if (!host.up && dice < 0.5) {
      // Fenced: what it ran is billed to its last word; the guests go on elsewhere as runs of their own, later.
      fenced.push({ hostId: host.id, lastWord: host.heardMs === null ? null : new Date(host.heardMs) });
      for (const guest of life.guests) {
        if (guest.run?.host === host.id) guest.run = null;
        if (guest.seen?.run.host === host.id) guest.seen.gone = true;
      }
      host.up = true;
      host.reachable = true;
    } else if (host.up && dice < 0.06) host.reachable = !host.reachable;
    else if (!host.reachable && dice < 0.4) host.reachable = true;
  }
  for (const guest of life.guests) {
    const dice = random.float();
    const home = life.hosts[Math.floor(random.float() * HOSTS)];
    const running = guest.run !== null && guest.run.endMs === null;
    if (!running && guest.run === null && dice < 0.3 && home?.up) guest.run = { startMs: nowMs, host: home.id, moved: false, endMs: null };
    else if (running && dice < 0.06) guest.run = null;
    else if (running && dice < 0.1 && home?.up && life.hosts.find((host) => host.id === guest.run?.host)?.up && guest.run) {
      guest.run = null;
      // A restart on any host, two seconds later at the least.
      guest.run = { startMs: nowMs + 1_000, host: home.id, moved: false, endMs: null };
    } else if (running && dice < 0.18 && home?.up && home.id !== guest.run?.host && guest.run && guest.seen?.run === guest.run && !guest.seen.gone) {
      // Only what was seen to run is ever moved.
      guest.run.host = home.id;
      guest.run.moved = true;
    } else if (dice < 0.22) guest.flavor = guest.flavor === "flv_small" ? "flv_large" : "flv_small";
  }
  return fenced;
}

/** What hosts say now, and what that makes due. Some words are lost, some are kept back and come late. */
function observe(life: Life, nowMs: number): HostUsageFact[] {
  const facts: HostUsageFact[] = [];
  for (const host of life.hosts) {
    const lost = life.random.float() < 0.1;
    const late = life.random.float() < 0.08;
    if (!host.up || !host.reachable || lost) continue;
    const running = life.guests.flatMap((guest) => (guest.run?.host === host.id && guest.run.endMs === null ? [{ instanceId: guest.id, since: guest.run.moved ? null : new Date(guest.run.startMs), continues: guest.run.moved }] : []));
    const fact: HostUsageFact = { hostId: host.id, confirmedThrough: new Date(nowMs), previouslyConfirmedThrough: host.heardMs === null ? null : new Date(host.heardMs), running };
    if (late) {
      host.late = fact;
      continue;
    }
    facts.push(fact);
    host.heardMs = nowMs;
  }
  count(life, facts, nowMs);
  return facts;
}

/** A word kept back is delivered when a newer one of its host was. */
function takeLate(life: Life): HostUsageFact[] {
  return life.hosts.flatMap((host) => {
    const fact = host.late;
    if (!fact || host.heardMs === null || host.heardMs <= fact.confirmedThrough.getTime()) return [];
    host.late = null;
    return [fact];
  });
}

/** What is due after these words, from how it really was: a run from its start to the last word that showed it. */
function count(life: Life, facts: readonly HostUsageFact[], nowMs: number): void {
  const shown = new Set(facts.flatMap((fact) => fact.running.map((run) => run.instanceId)));
  for (const guest of life.guests) {
    const add = (flavor: string, ms: number): void => void (guest.due[flavor] = (guest.due[flavor] ?? 0) + ms);
    if (!shown.has(guest.id)) {
      // Its host spoke and did not show it: over, as far as anybody knows.
      if (guest.seen && facts.some((fact) => fact.hostId === guest.seen?.run.host || fact.hostId === seenOn.get(guest))) guest.seen.gone = true;
      continue;
    }
    const run = guest.run;
    if (!run) continue;
    const seen = guest.seen;
    const same = seen !== null && seen.run === run;
    if (seen && same && (!seen.gone || (run.moved && nowMs - seen.atMs < JOINED_MS))) add(seen.flavor, nowMs - seen.atMs);
    else if (same && run.moved) add(guest.flavor, 0);
    else if (same) add(guest.flavor, nowMs - Math.max(seen?.atMs ?? 0, run.startMs));
    else if (run.moved) add(guest.flavor, seen && nowMs - seen.atMs < JOINED_MS ? nowMs - seen.atMs : 0);
    else add(guest.flavor, nowMs - run.startMs);
    guest.seen = { run, atMs: nowMs, flavor: guest.flavor, gone: false };
    seenOn.set(guest, run.host);
  }
}

/** On which host each guest was seen last. */
const seenOn = new WeakMap<Guest, string>();

async function judge(database: TestDatabase, context: ReturnType<typeof testContext>, life: Life, seed: number): Promise<LifeFinding[]> {
  const findings: LifeFinding[] = [];
  const find = (what: string): void => void findings.push({ seed, what });
  const billed = await database.owner.execute<{ resource_id: string; flavor_id: string; ms: string }>(sql`
    select resource_id, flavor_id, round(sum(extract(epoch from ended_at - started_at) * 1000)) as ms from (
      select resource_id, flavor_id, started_at, ended_at from usage_window where organization_id = ${life.organizationId} and meter = 'instance'
      union all select resource_id, flavor_id, started_at, ended_at from usage_adjustment where organization_id = ${life.organizationId} and direction = 'add') u group by resource_id, flavor_id`);
  for (const guest of life.guests) {
    for (const flavor of ["flv_small", "flv_large"]) {
      const ms = Number(billed.rows.find((row) => row.resource_id === guest.id && row.flavor_id === flavor)?.ms ?? 0);
      if (ms !== guest.due[flavor]) find(`${guest.id} ${flavor}: billed ${ms / 1000} s, really ${(guest.due[flavor] ?? 0) / 1000} s`);
    }
  }
  const invoices = await database.owner.execute<{ id: string; total_minor: string; subtotal_minor: string; rounding_micros: string; lines: string }>(sql`
    select i.id, i.total_minor, i.subtotal_minor, i.rounding_micros, (select coalesce(sum(l.amount_micros), 0) from invoice_line l where l.invoice_id = i.id) as lines from invoice i where i.organization_id = ${life.organizationId} and i.status <> 'void'`);
  if (invoices.rows.length !== 1) find(`${invoices.rows.length} invoices for one month`);
  for (const row of invoices.rows) {
    if (BigInt(row.lines) + BigInt(row.rounding_micros) !== BigInt(row.subtotal_minor) * 1_000_000n) find(`the lines of ${row.id} do not sum to it`);
    const evidence = verifyEvidence(await readEvidence(context, { organizationId: life.organizationId, invoiceId: row.id }));
    if (!evidence.ok) find(`evidence: ${evidence.reason}`);
  }
  const balance = await inTransaction(context, (tx) => readBalance(tx, life.organizationId));
  const issued = invoices.rows.reduce((sum, row) => sum + Number(row.total_minor), 0);
  if ((balance[0]?.balanceMinor ?? 0) !== issued) find(`the ledger says ${balance[0]?.balanceMinor ?? 0}, the invoices ${issued}`);
  const again = await draftInvoice(context, { organizationId: life.organizationId, at: new Date(MONTH_START) });
  if (again.totalMinor !== issued) find(`rated again the month comes to ${again.totalMinor}, not to ${issued}`);
  return findings;
}

/** Where counting from the hosts' words alone gives something else than what is billed, over all of it. */
export async function recountAll(database: TestDatabase): Promise<string[]> {
  const context = testContext(database.worker);
  const facts = await inTransaction(context, (tx) => tx.select().from(usageFact));
  const billed = await database.owner.execute<{ resource_id: string; flavor_id: string; ms: string }>(sql`
    select resource_id, flavor_id, round(sum(extract(epoch from ended_at - started_at) * 1000)) as ms from (
      select resource_id, flavor_id, started_at, ended_at from usage_window where meter = 'instance' union all select resource_id, flavor_id, started_at, ended_at from usage_adjustment where direction = 'add') u group by resource_id, flavor_id`);
  const byInstance = new Map<string, typeof facts>();
  for (const fact of facts) byInstance.set(fact.instanceId, [...(byInstance.get(fact.instanceId) ?? []), fact]);
  return [...byInstance].flatMap(([instanceId, own]) =>
    ["flv_small", "flv_large"].flatMap((flavor) => {
      const counted = recountRuns(instanceId, own).filter((run) => run.flavorId === flavor).reduce((sum, run) => sum + run.endedAtMs - run.startedAtMs, 0);
      const ms = Number(billed.rows.find((row) => row.resource_id === instanceId && row.flavor_id === flavor)?.ms ?? 0);
      return counted === ms ? [] : [`${instanceId} ${flavor}: billed ${ms / 1000} s, counted ${counted / 1000} s`];
    }),
  );
}
