import { requireProvider } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { selectDensity, selectFactory, selectFeel, selectMinutes, selectPoolHealth, selectStorm, selectWaits, type FactoryRow, type HostDensity, type PoolHealth, type Spread } from "./store";
import type { Given } from "../types";

const HOUR_MS = 3_600_000;
/** What the charts of storms show. */
const STORM_MS = HOUR_MS;

export interface DesktopsOverview {
  readonly since: Date;
  readonly asOf: Date;
  readonly waits: readonly { readonly given: Given; readonly spread: Spread }[];
  readonly connectMs: Spread;
  readonly latencyMs: Spread;
  readonly storm: { readonly queued: number; readonly waiting: number; readonly admitted: number; readonly minutes: readonly { readonly minute: Date; readonly asked: number; readonly ready: number }[] };
  readonly hosts: readonly HostDensity[];
  readonly pools: readonly PoolHealth[];
  readonly factory: readonly FactoryRow[];
}

/** How desktops of all organizations are: sessions of the last hours, the storm of now, hosts, pools and golden images. */
export async function readOverview(context: Context, input: { readonly hours: number }): Promise<DesktopsOverview> {
  requireProvider(context);
  const now = context.clock.now();
  const since = new Date(now.getTime() - input.hours * HOUR_MS);
  return inTransaction(context, async (tx) => ({
    since, asOf: now, waits: await selectWaits(tx, since), ...(await selectFeel(tx, since)), storm: { ...(await selectStorm(tx)), minutes: await selectMinutes(tx, new Date(now.getTime() - STORM_MS)) },
    hosts: await selectDensity(tx), pools: await selectPoolHealth(tx, since), factory: await selectFactory(tx),
  }), { readOnly: true });
}
