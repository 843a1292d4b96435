import { stringify } from "csv-stringify/sync";
import type { DesktopHoldings } from "./list-holdings";

/** What a machine used and cost while somebody (null: nobody) had it. */
export interface MachineCost {
  readonly instanceId: string;
  readonly holderId: string | null;
  readonly runningMs: number;
  readonly storageGiBMs: number;
  readonly runningMicros: number;
  readonly otherMicros: number;
}

export interface CostSum {
  readonly runningMs: number;
  readonly storageGiBMs: number;
  readonly runningMicros: number;
  readonly otherMicros: number;
  readonly amountMicros: number;
}

/** One person in one pool; nobody (`userId` null) is what stood ready, was made anew or was put aside unused. */
export interface PersonCost extends CostSum {
  readonly poolId: string;
  readonly poolName: string;
  readonly userId: string | null;
  readonly userName: string | null;
  readonly userEmail: string | null;
}

export interface PoolCost extends CostSum {
  readonly poolId: string;
  readonly poolName: string;
  readonly removed: boolean;
  /** Different people who had a desktop of it. */
  readonly people: number;
}

export interface DesktopCosts {
  readonly pools: readonly PoolCost[];
  readonly people: readonly PersonCost[];
  readonly total: CostSum;
}

const NOTHING: CostSum = { runningMs: 0, storageGiBMs: 0, runningMicros: 0, otherMicros: 0, amountMicros: 0 };

function plus(sum: CostSum, row: MachineCost): CostSum {
  return {
    runningMs: sum.runningMs + row.runningMs, storageGiBMs: sum.storageGiBMs + row.storageGiBMs, runningMicros: sum.runningMicros + row.runningMicros, otherMicros: sum.otherMicros + row.otherMicros,
    amountMicros: sum.amountMicros + row.runningMicros + row.otherMicros,
  };
}

/** Sums what machines cost by pool and by person; the dearest first. Pools and people sum to the same total. */
export function sumCosts({ machines, holdings }: DesktopHoldings, rows: readonly MachineCost[]): DesktopCosts {
  const machineOf = new Map(machines.map((machine) => [machine.instanceId, machine]));
  const personOf = new Map(holdings.map((holding) => [holding.holderId, holding]));
  const pools = new Map<string, PoolCost>();
  const people = new Map<string, PersonCost>();
  let total = NOTHING;
  for (const row of rows) {
    const machine = machineOf.get(row.instanceId);
    if (!machine) continue;
    const { poolId, poolName } = machine;
    const key = `${poolId}:${row.holderId ?? ""}`;
    const person = row.holderId === null ? undefined : personOf.get(row.holderId);
    const known = people.get(key);
    const pool = pools.get(poolId) ?? { poolId, poolName, removed: machine.deletedAt !== null, people: 0, ...NOTHING };
    people.set(key, { poolId, poolName, userId: row.holderId, userName: person?.name ?? null, userEmail: person?.email ?? null, ...plus(known ?? NOTHING, row) });
    pools.set(poolId, { ...pool, people: pool.people + (known || row.holderId === null ? 0 : 1), ...plus(pool, row) });
    total = plus(total, row);
  }
  const dearest = (a: CostSum, b: CostSum): number => b.amountMicros - a.amountMicros || b.runningMs - a.runningMs;
  return { pools: [...pools.values()].toSorted(dearest), people: [...people.values()].toSorted(dearest), total };
}

const MS_PER_SECOND = 1_000;
const COLUMNS = ["pool", "person", "email", "running_seconds", "storage_gib_seconds", "running_amount", "storage_amount", "amount", "currency"] as const;
const TEXTS: ReadonlySet<number> = new Set([0, 1, 2, 8]);

/** One line for each person in each pool, seconds and exact amounts; texts that a spreadsheet would run as a formula are guarded. */
export function renderCostsCsv({ people }: DesktopCosts, currency: string): string {
  const rows = people.map((row) => [
    row.poolName, row.userName ?? "", row.userEmail ?? "", seconds(row.runningMs), seconds(row.storageGiBMs), decimal(row.runningMicros), decimal(row.otherMicros), decimal(row.amountMicros), currency,
  ]);
  const asNumber = (value: string) => ({ value, escape_formulas: false as const });
  return stringify(rows, { header: true, bom: true, record_delimiter: "windows", escape_formulas: true, columns: [...COLUMNS], cast: { string: (value, context) => (TEXTS.has(context.index) || context.header ? value : asNumber(value)) } });
}

function seconds(ms: number): string {
  return (ms / MS_PER_SECOND).toFixed(3);
}

/** Micros as a decimal with all of its digits. */
function decimal(micros: number): string {
  const digits = String(Math.abs(micros)).padStart(7, "0");
  return `${micros < 0 ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
