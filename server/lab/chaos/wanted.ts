import { listHosts } from "@/server/fleet";
import type { Ground } from "./ground";

/** One instance as it was asked for and as the database believes it to be. */
interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly name: string;
  readonly wanted: boolean;
  readonly host: string | null;
  readonly state: string | null;
}

const WANTED = `
  select i.id, i.name, (i.desired_power = 'running' and i.deleted_at is null) as wanted, h.name as host, o.state
  from instance i left join allocation a on a.instance_id = i.id left join host h on h.id = a.host_id left join instance_observation o on o.instance_id = i.id
  where i.purged_at is null`;

/**
 * What is not as it should be now: empty when every host is up and everything wanted runs once, on the host that it was given, and nothing
 * else runs. Asked of the database and of the kernel.
 */
export async function findMissing(ground: Ground): Promise<string[]> {
  const { items } = await listHosts(ground.provider, {});
  const missing = items.filter((host) => host.state !== "up").map((host) => `${host.name} is ${host.state}: ${host.stateReason ?? ""}`);
  const alive = ground.watched().runs.filter((run) => run.lastSeenMs === null);
  for (const row of await ground.rows<Row>(WANTED)) {
    const runs = alive.filter((run) => run.instance === row.id);
    const where = runs.map((run) => run.host).join(" and ");
    if (row.wanted && (runs.length !== 1 || runs[0]?.host !== row.host || row.state !== "running")) missing.push(`${row.name} should run on ${row.host ?? "some host"} and runs on ${where === "" ? "none" : where}; the database says ${row.state ?? "nothing"}`);
    if (!row.wanted && runs.length > 0) missing.push(`${row.name} should not run and runs on ${where}`);
  }
  const known = new Set((await ground.rows<Row>(WANTED)).map((row) => row.id));
  for (const run of alive) if (!known.has(run.instance)) missing.push(`${run.instance} runs on ${run.host}, and nobody has ordered it`);
  const moves = await ground.rows("select id from migration where state in ('planned', 'running')");
  if (moves.length > 0) missing.push(`${moves.length} migrations are open`);
  return missing;
}

/** Sums that must be exact at any quiet moment. */
export async function findWrongSums(ground: Ground): Promise<string[]> {
  const hosts = await ground.rows<{ name: string }>(`
    select h.name from host h where h.committed_vcpus <> (select coalesce(sum(a.vcpus), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.vcpus), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))
      or h.committed_memory_mib <> (select coalesce(sum(a.memory_mib), 0) from allocation a where a.host_id = h.id) + (select coalesce(sum(m.memory_mib), 0) from migration m where m.to_host_id = h.id and m.state in ('planned', 'running'))`);
  const quotas = await ground.rows<{ organization_id: string }>(`
    select q.organization_id from quota q where q.committed_vcpus <> (select coalesce(sum(quota_vcpus), 0) from instance i where i.organization_id = q.organization_id)
      or q.held_vcpus <> (select coalesce(sum((amounts->>'vcpus')::bigint), 0) from quota_hold h where h.organization_id = q.organization_id)`);
  return [...hosts.map(({ name }) => `what ${name} has committed is not the sum of its allocations`), ...quotas.map((row) => `the quota of ${row.organization_id} is not the sum of its instances`)];
}
