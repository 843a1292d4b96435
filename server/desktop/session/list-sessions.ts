import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { selectRights } from "../assignment/store";
import { selectPools } from "../pool/store";
import { machineName, requireOrganization, USUAL_SECONDS } from "../rules";
import type { MyDesktop, SessionView } from "../types";
import { toOpening } from "./open-desktop";
import { selectLastUse, selectOpenOfUser, selectSession, selectSessions } from "./store";
import { selectOwnOf } from "../unit/store";

const MOST_ROWS = 200;

/** What the person who asks may open, one a pool that they have a right to, by name. */
export async function listMyDesktops(context: Context): Promise<MyDesktop[]> {
  const organizationId = requireOrganization(context);
  const userId = context.actor.id;
  return inTransaction(context, async (tx) => {
    const rights = await selectRights(tx, organizationId, userId);
    const open = await selectOpenOfUser(tx, organizationId, userId);
    const lastUse = await selectLastUse(tx, organizationId, userId);
    const own = await selectOwnOf(tx, organizationId, userId);
    const mine: MyDesktop[] = [];
    for (const { pool } of await selectPools(tx, organizationId)) {
      if (!rights.has(pool.id)) continue;
      const session = open.find((one) => one.poolId === pool.id);
      const found = session ? await selectSession(tx, organizationId, session.id) : null;
      const opening = found ? await toOpening(tx, context, found) : null;
      const desktop = own.find((one) => one.poolId === pool.id);
      mine.push({
        poolId: pool.id,
        poolName: pool.name,
        kind: pool.kind,
        state: opening ? ({ ready: "open", coming: "starting", queued: "queued" } as const)[opening.state] : desktop?.state === "suspended" ? "suspended" : desktop?.state === "failed" ? "unavailable" : "available",
        sessionId: opening?.sessionId ?? null,
        desktopName: opening?.desktopName ?? (desktop ? machineName(pool.name, desktop.number) : null),
        estimateSeconds: opening ? opening.estimateSeconds : desktop?.state === "suspended" ? USUAL_SECONDS.resuming : null,
        place: opening?.place ?? null,
        lastUsedAt: lastUse.get(pool.id) ?? null,
      });
    }
    return mine;
  }, { readOnly: true });
}

/** Sessions of the organization, open ones first, then the newest. */
export async function listDesktopSessions(context: Context, input: { readonly poolId?: string } = {}): Promise<SessionView[]> {
  const organizationId = requireOrganization(context);
  return inTransaction(context, (tx) => selectSessions(tx, organizationId, input.poolId ?? null, MOST_ROWS), { readOnly: true });
}
