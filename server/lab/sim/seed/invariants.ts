import type { RunRecord } from "@/server/drivers/hypervisor/simulated";
import { IMAGE_VOLUME, type SimRoom } from "../room";
import type { SimDatabaseServer } from "../server";

/** Something that must never be was. */
export class Violation extends Error {
  override readonly name = "Violation";
  constructor(
    readonly invariant: string,
    detail: string,
  ) {
    super(`${invariant}: ${detail}`);
  }
}

/** A host that died before this much time passed may not have been confirmed under the clock of a worker whose clock jumped. */
const LOOK_BACK_MS = 600_000;

/** Watches ground truth while a seed runs: looked at after every step, so that it costs next to nothing when nothing changed. */
export class TruthWatch {
  private seen = 0;
  private readonly last = new Map<string, RunRecord>();

  constructor(
    private readonly room: SimRoom,
    private readonly server: SimDatabaseServer,
  ) {}

  /** Throws what is wrong now. Synchronous but for the rare moment in which a guest appears on another host. */
  look(): void | Promise<void> {
    const runs = this.room.world.runs();
    const moved: [RunRecord, RunRecord][] = [];
    for (; this.seen < runs.length; this.seen += 1) {
      const run = runs[this.seen];
      if (!run) continue;
      const before = this.last.get(run.instanceId);
      if (before && before.endMs === null) throw new Violation("never two runs", `${run.instanceId} began on ${run.host} while it executed on ${before.host}`);
      if (before && before.host !== run.host && run.via === "start") moved.push([before, run]);
      this.last.set(run.instanceId, run);
    }
    if (moved.length > 0) return this.moves(moved);
  }

  /** A guest that starts elsewhere than it was: its old host is there and said so, or its death was confirmed. */
  private async moves(moved: readonly [RunRecord, RunRecord][]): Promise<void> {
    for (const [before, now] of moved) {
      const host = this.room.world.status().hosts.find((one) => one.name === before.host);
      if (host && host.phase === "up" && !host.partitioned && !host.hung) continue;
      const rows = await this.server.rows("select 1 from fencing f join host h on h.id = f.host_id where h.name = $1 and f.confirmed_at is not null and f.requested_at > $2", [before.host, new Date(before.startMs - LOOK_BACK_MS)]);
      // It was shut down there in order, or its place was given up while the host was well.
      const stoppedBefore = this.room.world.power().every((power) => power.host !== before.host || power.to !== "off" || power.atMs !== before.endMs);
      if (rows.length === 0 && !stoppedBefore) throw new Violation("never a start before the fence", `${now.instanceId} began on ${now.host}, and nobody has confirmed that ${before.host}, where it was, is dead`);
    }
  }
}

const COUNTERS = `
  select 'host ' || h.name || ' counts wrong' as what from host h where h.committed_vcpus <> (select coalesce(sum(a.vcpus), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.vcpus), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))
    or h.committed_memory_mib <> (select coalesce(sum(a.memory_mib), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.memory_mib), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))
  union all
  select 'admission broken on ' || h.name from host h join cluster c on c.id = h.cluster_id where h.committed_vcpus > floor(h.cores * c.cpu_ratio) or h.committed_memory_mib > floor((h.memory_mib - h.system_memory_mib) * c.memory_ratio)
  union all
  select 'quota exceeded' from quota q where q.committed_instances + q.held_instances > q.limit_instances or q.committed_vcpus + q.held_vcpus > q.limit_vcpus
  union all
  select 'quota counts wrong: ' || q.committed_instances || ' committed, ' || q.held_instances || ' held' from quota q where
    q.committed_instances + q.held_instances <> (select coalesce(sum(i.quota_instances), 0) from instance i where i.organization_id = q.organization_id) + (select coalesce(sum((h.amounts->>'instances')::int), 0) from quota_hold h where h.organization_id = q.organization_id)
  union all
  select 'address ' || a.ip || ' of ' || a.instance_id || ' is not one of its network' from address a join network n on n.id = a.network_id
    where a.released_at is null and (n.removed_at is not null or n.organization_id <> a.organization_id or not a.ip::inet between n.first_address::inet and n.last_address::inet)
  union all
  select 'windows overlap: ' || a.resource_id from usage_window a join usage_window b on a.resource_id = b.resource_id and a.meter = b.meter and a.id < b.id and a.started_at < coalesce(b.ended_at, 'infinity') and b.started_at < coalesce(a.ended_at, 'infinity')`;

/** What the database must say of itself at any moment between two transactions. */
export async function checkBooks(server: SimDatabaseServer): Promise<void> {
  const wrong = await server.rows<{ what: string }>(COUNTERS);
  if (wrong.length > 0) throw new Violation("the books are exact", wrong.map((row) => row.what).join("; "));
}

/**
 * A host that the control plane holds for fenced has really lost its power: it has none, or it was without since the fencing was asked
 * for. Somebody may have switched it on again while a frozen worker held the answer in its hands; what ran on it is gone all the same.
 * For seeds whose controllers and clocks tell the truth.
 */
export async function checkFences(room: SimRoom, server: SimDatabaseServer): Promise<void> {
  const fenced = await server.rows<{ name: string; asked: Date; at: Date }>("select h.name, f.requested_at as asked, f.confirmed_at as at from fencing f join host h on h.id = f.host_id where f.confirmed_at is not null and f.method = 'power'");
  for (const { name, asked, at } of fenced) {
    const last = room.world.power().findLast((record) => record.host === name && record.atMs <= at.getTime());
    const wasOff = room.world.power().some((record) => record.host === name && record.to === "off" && record.atMs >= asked.getTime() && record.atMs <= at.getTime());
    if (last?.to !== "off" && !wasOff) throw new Violation("a confirmed fence is true", `${name} was said to be off at ${at.toISOString()} and had power`);
  }
}

/** An open window is confirmed so often. */
export const METER_EVERY_MS = 10_000;
/** Between two polls, plus the call that starts or stops a guest: what a bill may be away from the truth at each end of a run. */
const SECONDS_OF_A_BOUNDARY = 2.5;

interface Billed {
  readonly instanceId: string;
  readonly billedMs: number;
  readonly ranMs: number;
  readonly runs: number;
}

/** What was metered of every instance, beside how long it really executed. */
async function compareUsage(room: SimRoom, server: SimDatabaseServer): Promise<Billed[]> {
  const nowMs = room.scheduler.nowMs();
  const rows = await server.rows<{ id: string; ms: number }>("select resource_id as id, (sum(extract(epoch from ended_at - started_at)) * 1000)::float as ms from usage_window where meter = 'instance' group by resource_id");
  const billed = new Map(rows.map((row) => [row.id, row.ms]));
  const ran = new Map<string, { ms: number; runs: number }>();
  for (const run of room.world.runs()) {
    const sum = ran.get(run.instanceId) ?? { ms: 0, runs: 0 };
    ran.set(run.instanceId, { ms: sum.ms + (run.endMs ?? nowMs) - run.startMs, runs: sum.runs + 1 });
  }
  return [...new Set([...billed.keys(), ...ran.keys()])].map((instanceId) => ({ instanceId, billedMs: billed.get(instanceId) ?? 0, ranMs: ran.get(instanceId)?.ms ?? 0, runs: ran.get(instanceId)?.runs ?? 0 }));
}

/**
 * Nobody pays for a second in which nothing ran; and where nothing failed, nobody runs for nothing. For moments a metering
 * period after the last change.
 */
export async function checkUsage(room: SimRoom, server: SimDatabaseServer, calm: boolean): Promise<void> {
  for (const { instanceId, billedMs, ranMs, runs } of await compareUsage(room, server)) {
    const slackMs = (runs + 1) * SECONDS_OF_A_BOUNDARY * 1_000;
    if (billedMs > ranMs + slackMs) throw new Violation("no second is billed twice", `${instanceId} ran for ${ranMs} ms in ${runs} runs and ${billedMs} ms are billed`);
    if (calm && billedMs < ranMs - slackMs - METER_EVERY_MS) throw new Violation("no second is lost", `${instanceId} ran for ${ranMs} ms in ${runs} runs and ${billedMs} ms are billed`);
  }
}

export interface Wanted extends Record<string, unknown> {
  readonly id: string;
  readonly power: string;
  readonly deleted: boolean;
  readonly purged: boolean;
  readonly host: string | null;
  readonly phase: string | null;
}

/** Null when everything is as it was asked for; else what is missing still. */
export async function unsettled(room: SimRoom, server: SimDatabaseServer): Promise<string | null> {
  const wanted = await server.rows<Wanted>(`select i.id, i.desired_power as power, i.deleted_at is not null as deleted, i.purged_at is not null as purged, h.name as host, o.phase
    from instance i left join allocation a on a.instance_id = i.id left join host h on h.id = a.host_id left join instance_observation o on o.instance_id = i.id`);
  const running = new Map<string, string[]>();
  for (const run of room.world.runs()) if (run.endMs === null) running.set(run.instanceId, [...(running.get(run.instanceId) ?? []), run.host]);
  const still = new Set(room.world.status().hosts.flatMap((host) => host.domains.filter((domain) => domain.process === "paused").map((domain) => domain.instanceId)));
  for (const one of wanted) {
    const hosts = running.get(one.id) ?? [];
    if (one.power === "running" && !one.deleted && still.has(one.id)) return `${one.id} stands still on ${hosts.join(", ")}`;
    const should = one.power === "running" && !one.deleted && !one.purged;
    if (!should && hosts.length > 0) return `${one.id} runs on ${hosts.join(", ")} and should not`;
    // What has no place was refused with its reason: the fleet is full, which is an end too.
    if (should && hosts.length === 0 && (one.host !== null || one.phase !== "waiting-for-capacity")) return `${one.id} should run and does not (place ${one.host ?? "none"}, phase ${one.phase ?? "none"})`;
    if (should && hosts.length > 0 && (hosts.length > 1 || hosts[0] !== one.host)) return `${one.id} runs on ${hosts.join(", ")} and its place is ${one.host ?? "none"}`;
  }
  const open = await server.rows<{ what: string }>(`
    select 'migration of ' || instance_id as what from migration where state in ('planned', 'running')
    union all select 'host ' || name || ' is ' || state from host where state not in ('up', 'quarantined')
    union all select 'fencing of ' || host_id from fencing where closed_at is null
    union all select 'volume ' || v.name || ' is ' || v.state from volume v where v.state = 'unwanted' or (v.state = 'wanted' and exists (select 1 from allocation a join instance i on i.id = a.instance_id where a.instance_id = v.instance_id and i.desired_power = 'running' and i.deleted_at is null))`);
  return open[0]?.what ?? null;
}

/** Nothing is left of what is gone. For the end of a seed, when everything is settled. */
export async function checkOrphans(room: SimRoom, server: SimDatabaseServer): Promise<void> {
  const { hosts, volumes } = room.world.status();
  const known = new Set((await server.rows<{ name: string }>("select name from volume where state <> 'removed'")).map((row) => row.name));
  const orphans = volumes.filter((volume) => volume.name !== IMAGE_VOLUME && !known.has(volume.name)).map((volume) => `disk ${volume.name}`);
  const places = new Map((await server.rows<{ id: string; host: string }>("select a.instance_id as id, h.name as host from allocation a join host h on h.id = a.host_id")).map((row) => [row.id, row.host]));
  for (const host of hosts) for (const domain of host.domains) if (domain.process !== "none" && places.get(domain.instanceId) !== host.name) orphans.push(`${domain.instanceId} on ${host.name}`);
  const rows = await server.rows<{ what: string }>(`
    select 'address of ' || a.instance_id as what from address a join instance i on i.id = a.instance_id where a.released_at is null and i.purged_at is not null
    union all select 'place of ' || a.instance_id from allocation a left join instance i on i.id = a.instance_id where i.id is null or i.purged_at is not null
    union all select 'claim of quota of ' || i.id from instance i where i.purged_at is not null and (i.quota_instances > 0 or i.quota_vcpus > 0)
    union all select 'hold of ' || h.id from quota_hold h left join instance i on i.id = h.subject_id where i.id is null or i.purged_at is not null`);
  orphans.push(...rows.map((row) => row.what));
  if (orphans.length > 0) throw new Violation("no orphan", orphans.join("; "));
}

/**
 * The way to every host is cut at once. From a moment later on (an answer that was on its way may still count) until it heals
 * nobody may decide to cut a host's power.
 */
export class BrakeWatch {
  private fromMs = 0;
  private armed = false;

  constructor(
    private readonly room: SimRoom,
    private readonly server: SimDatabaseServer,
  ) {}

  /** Looked at only where everybody was well before: one host of two that are left may be fenced. */
  async begin(): Promise<void> {
    const unwell = await this.server.rows("select 1 from host where state <> 'up' or silent_since is not null");
    this.fromMs = this.room.scheduler.nowMs() + LAST_WORDS_MS;
    this.armed = unwell.length === 0;
  }

  /** Something else happened: it may have brought some of the hosts back. */
  disarm(): void {
    this.armed = false;
  }

  async end(): Promise<void> {
    if (!this.armed) return;
    this.armed = false;
    const [row] = await this.server.rows<{ name: string }>("select h.name from fencing f join host h on h.id = f.host_id where f.requested_at between $1 and $2", [new Date(this.fromMs), this.room.scheduler.now()]);
    if (row) throw new Violation("the brake holds", `${row.name} was to be fenced while no host at all could be reached`);
  }
}

const LAST_WORDS_MS = 1_000;
