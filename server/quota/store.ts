import { sql, type SQL } from "drizzle-orm";
import { insertRows } from "@/db/insert-rows";
import { hold } from "@/db/schema/quota";
import { mintId } from "@/server/platform/id";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { RESOURCES, type Amounts, type HoldKey, type HoldPurpose, type Quota, type Resource, type ResourceState } from "./types";

/** Columns of db/schema/quota.ts, by resource; the statements below are written once for all six. */
const COLUMNS: Readonly<Record<Resource, string>> = {
  instances: "instances",
  vcpus: "vcpus",
  memoryMiB: "memory_mib",
  storageGiB: "storage_gib",
  publicAddresses: "public_addresses",
  snapshots: "snapshots",
};

const column = (kind: "limit" | "ceiling" | "committed" | "held", resource: Resource): SQL => sql.raw(`q.${kind}_${COLUMNS[resource]}`);
const target = (kind: "limit" | "ceiling" | "committed" | "held", resource: Resource): SQL => sql.raw(`${kind}_${COLUMNS[resource]}`);
const joined = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

/**
 * The assignments that move held and committed totals. The ceiling follows use down to the limit and never rises, so
 * that the CHECK stays the last wall after a limit was lowered under what is in use.
 */
function movement(changes: (resource: Resource) => { readonly held: SQL; readonly committed: SQL }): SQL {
  return joined(
    RESOURCES.flatMap((resource) => {
      const { held, committed } = changes(resource);
      const use = sql`${column("held", resource)} + ${column("committed", resource)} + (${held}) + (${committed})`;
      return [
        sql`${target("held", resource)} = ${column("held", resource)} + (${held})`,
        sql`${target("committed", resource)} = ${column("committed", resource)} + (${committed})`,
        sql`${target("ceiling", resource)} = greatest(${column("limit", resource)}, least(${column("ceiling", resource)}, ${use}))`,
      ];
    }),
  );
}

export async function insertQuota(tx: Transaction, context: Context, organizationId: string, limits: Amounts): Promise<boolean> {
  const columns = RESOURCES.flatMap((resource) => [target("limit", resource), target("ceiling", resource)]);
  const values = RESOURCES.flatMap((resource) => [sql`${limits[resource]}`, sql`${limits[resource]}`]);
  const result = await tx.execute(
    sql`insert into quota (organization_id, updated_at, ${joined(columns)}) values (${organizationId}, ${context.clock.now().toISOString()}, ${joined(values)}) on conflict do nothing`,
  );
  return result.rowCount === 1;
}

export async function selectQuota(tx: Transaction, organizationId: string, lock = false): Promise<Quota | null> {
  const columns = RESOURCES.flatMap((resource) => (["limit", "committed", "held"] as const).map((kind) => column(kind, resource)));
  const result = await tx.execute<Record<string, string>>(sql`select ${joined(columns)} from quota q where q.organization_id = ${organizationId} ${lock ? sql`for update` : sql``}`);
  const row = result.rows[0];
  if (!row) return null;
  const state = (resource: Resource): ResourceState => {
    const [limit, committed, held] = (["limit", "committed", "held"] as const).map((kind) => Number(row[`${kind}_${COLUMNS[resource]}`]));
    if (limit === undefined || committed === undefined || held === undefined) throw new Error(`quota row of ${organizationId} lacks ${resource}`);
    return { limit, committed, held, left: Math.max(0, limit - committed - held) };
  };
  return {
    organizationId,
    resources: {
      instances: state("instances"),
      vcpus: state("vcpus"),
      memoryMiB: state("memoryMiB"),
      storageGiB: state("storageGiB"),
      publicAddresses: state("publicAddresses"),
      snapshots: state("snapshots"),
    },
  };
}

/**
 * One conditional statement: the hold of this key becomes `amounts` if the difference to what it held before fits
 * under every limit. A resource that is not raised is not measured, so that shrinking is always admitted. False: refused.
 */
export async function upsertHoldIfItFits(tx: Transaction, context: Context, key: HoldKey, amounts: Amounts): Promise<boolean> {
  const before = (resource: Resource): SQL => sql`coalesce((select (p.amounts->>${resource})::bigint from previous p), 0)`;
  const raised = (resource: Resource): SQL => sql`(${amounts[resource]}::bigint - ${before(resource)})`;
  const fits = RESOURCES.filter((resource) => amounts[resource] > 0).map(
    (resource) => sql`(${raised(resource)} <= 0 or ${column("committed", resource)} + ${column("held", resource)} + ${raised(resource)} <= ${column("limit", resource)})`,
  );
  const now = context.clock.now().toISOString();
  const result = await tx.execute(sql`
    with previous as (
      select h.amounts from quota_hold h
      where h.organization_id = ${key.organizationId} and h.subject_id = ${key.subjectId} and h.purpose = ${key.purpose} for update
    ), admitted as (
      update quota q set updated_at = ${now}, ${movement((resource) => ({ held: raised(resource), committed: sql`0` }))}
      where q.organization_id = ${key.organizationId} and ${sql.join([sql`true`, ...fits], sql` and `)}
      returning 1
    )
    insert into quota_hold (id, organization_id, subject_id, purpose, amounts, created_at)
    select ${mintId("hold", context)}, ${key.organizationId}, ${key.subjectId}, ${key.purpose}, ${JSON.stringify(amounts)}::jsonb, ${now}::timestamptz from admitted
    on conflict (organization_id, subject_id, purpose) do update set amounts = excluded.amounts`);
  return result.rowCount === 1;
}

/** One conditional statement for many new holds: all of them if their sum fits under every limit. False: refused, nothing is changed. */
export async function insertHoldsIfTheyFit(
  tx: Transaction,
  context: Context,
  input: { readonly organizationId: string; readonly purpose: HoldPurpose; readonly holds: readonly { readonly subjectId: string; readonly amounts: Amounts }[]; readonly sum: Amounts },
): Promise<boolean> {
  const { organizationId, purpose, sum } = input;
  const fits = RESOURCES.filter((resource) => sum[resource] > 0).map(
    (resource) => sql`${column("committed", resource)} + ${column("held", resource)} + ${sum[resource]}::bigint <= ${column("limit", resource)}`,
  );
  const now = context.clock.now();
  const rows = input.holds.map(({ subjectId, amounts }) => ({ id: mintId("hold", context), organizationId, subjectId, purpose, amounts, createdAt: now }));
  const result = await tx.execute(sql`
    with admitted as (
      update quota q set updated_at = ${now.toISOString()}, ${movement((resource) => ({ held: sql`${sum[resource]}::bigint`, committed: sql`0` }))}
      where q.organization_id = ${organizationId} and ${sql.join([sql`true`, ...fits], sql` and `)}
      returning 1
    )
    ${insertRows(hold, rows)} where exists (select 1 from admitted)`);
  return result.rowCount === rows.length;
}

/** Deletes the subject's holds of these purposes and gives their sum back to `held`, moving `committed` by `change`. */
export async function endHolds(
  tx: Transaction,
  context: Context,
  subject: { readonly organizationId: string; readonly subjectId: string; readonly purposes: readonly string[] },
  change: Readonly<Record<Resource, number>> | "commit",
): Promise<{ readonly ended: Amounts; readonly count: number } | null> {
  const ended = (resource: Resource): SQL => sql.raw(`s.${COLUMNS[resource]}`);
  const committed = (resource: Resource): SQL => (change === "commit" ? ended(resource) : sql`${change[resource]}::bigint`);
  // What is committed must have been held (or had) before: a rise beyond the holds was never measured against the limit.
  const covered = change === "commit" ? [] : RESOURCES.filter((resource) => change[resource] > 0).map((resource) => sql`and ${change[resource]}::bigint <= ${ended(resource)}`);
  const sums = RESOURCES.map((resource) => sql`coalesce(sum((g.amounts->>${resource})::bigint), 0)::bigint as ${sql.raw(COLUMNS[resource])}`);
  const result = await tx.execute<Record<string, string>>(sql`
    with gone as (
      delete from quota_hold h where h.organization_id = ${subject.organizationId} and h.subject_id = ${subject.subjectId}
        and h.purpose = any(${sql.param([...subject.purposes])}::text[]) returning h.amounts
    ), s as (select ${joined(sums)}, count(*)::int as holds from gone g)
    update quota q set updated_at = ${context.clock.now().toISOString()},
      ${movement((resource) => ({ held: sql`-${ended(resource)}`, committed: committed(resource) }))}
    from s where q.organization_id = ${subject.organizationId} ${sql.join(covered, sql` `)}
    returning ${joined(RESOURCES.map((resource) => ended(resource)))}, s.holds`);
  const row = result.rows[0];
  if (!row) return null;
  const amount = (resource: Resource): number => Number(row[COLUMNS[resource]]);
  return {
    count: Number(row["holds"]),
    ended: {
      instances: amount("instances"),
      vcpus: amount("vcpus"),
      memoryMiB: amount("memoryMiB"),
      storageGiB: amount("storageGiB"),
      publicAddresses: amount("publicAddresses"),
      snapshots: amount("snapshots"),
    },
  };
}

/** New limits; the ceiling becomes the limit, or what is in use where that lies above it. */
export async function updateLimits(tx: Transaction, context: Context, organizationId: string, limits: Partial<Record<Resource, number>>): Promise<boolean> {
  const named = RESOURCES.flatMap((resource) => {
    const limit = limits[resource];
    if (limit === undefined) return [];
    return [
      sql`${target("limit", resource)} = ${limit}::bigint`,
      sql`${target("ceiling", resource)} = greatest(${limit}::bigint, ${column("committed", resource)} + ${column("held", resource)})`,
    ];
  });
  const result = await tx.execute(sql`update quota q set ${joined([sql`updated_at = ${context.clock.now().toISOString()}`, ...named])} where q.organization_id = ${organizationId}`);
  return result.rowCount === 1;
}
