import { and, eq, inArray, isNull, ne, sql } from "drizzle-orm";
import { volume } from "@/db/schema/compute";
import type { Transaction } from "@/server/platform/transaction";

export interface VolumeMark {
  readonly volumeId: string;
  readonly state: "present" | "removed";
  /** Size as the storage says, MiB; left out keeps what was known. */
  readonly observedSizeMiB?: number | null;
}

/**
 * `present` keeps the first moment at which it was seen, `removed` the moment of the confirmation; a volume to be removed
 * does not become wanted again by being seen. Answers how many rows changed.
 */
export async function updateMarks(tx: Transaction, marks: readonly VolumeMark[], at: Date): Promise<number> {
  const result = await tx.execute(sql`
    update volume v set
      state = case when m.state = 'removed' then 'removed' when v.state = 'wanted' then 'present' else v.state end,
      present_since = case when m.state = 'present' then coalesce(v.present_since, ${at.toISOString()}::timestamptz) else v.present_since end,
      removed_at = case when m.state = 'removed' then ${at.toISOString()}::timestamptz end,
      observed_size_mib = coalesce(m."observedSizeMiB", v.observed_size_mib)
    from unnest(${sql.param(marks.map((mark) => mark.volumeId))}::text[], ${sql.param(marks.map((mark) => mark.state))}::text[], ${sql.param(marks.map((mark) => mark.observedSizeMiB ?? null))}::int[])
      as m("volumeId", state, "observedSizeMiB")
    where v.id = m."volumeId" and v.state <> 'removed'
      and (m.state = 'removed' or v.state = 'wanted' or v.present_since is null or v.observed_size_mib is distinct from coalesce(m."observedSizeMiB", v.observed_size_mib))`);
  return result.rowCount ?? 0;
}

export async function claimMemory(tx: Transaction, volumeId: string, epoch: number): Promise<boolean> {
  const result = await tx.update(volume).set({ usedByEpoch: epoch }).where(and(eq(volume.id, volumeId), eq(volume.kind, "memory"), eq(volume.state, "present"), isNull(volume.usedByEpoch)));
  return result.rowCount === 1;
}

export async function releaseMemory(tx: Transaction, volumeId: string, epoch: number): Promise<void> {
  await tx.update(volume).set({ usedByEpoch: null }).where(and(eq(volume.id, volumeId), eq(volume.usedByEpoch, epoch)));
}

export async function retireMemory(tx: Transaction, instanceId: string): Promise<number> {
  const result = await tx.update(volume).set({ state: "unwanted" }).where(and(eq(volume.instanceId, instanceId), eq(volume.kind, "memory"), inArray(volume.state, ["wanted", "present"])));
  return result.rowCount ?? 0;
}

export async function retireAllVolumes(tx: Transaction, instanceId: string): Promise<void> {
  await tx.update(volume).set({ state: "unwanted" }).where(and(eq(volume.instanceId, instanceId), ne(volume.state, "removed"), ne(volume.state, "unwanted")));
}

export async function countRemaining(tx: Transaction, instanceId: string): Promise<number> {
  const rows = await tx.select({ id: volume.id }).from(volume).where(and(eq(volume.instanceId, instanceId), ne(volume.state, "removed")));
  return rows.length;
}
