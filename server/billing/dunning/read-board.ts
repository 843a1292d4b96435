import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit, requireProvider } from "@/server/tenancy";
import type { ExtendDunningInput } from "./schema";
import { lockOpenCase, selectNewestCase, selectOpenCases, selectOrganizationNames, selectOverdue, selectStandings, updateCase, type BoardRow } from "./store";
import type { DunningRow, Overdue } from "./types";

const DAY_MS = 86_400_000;

export interface BoardEntry {
  readonly dunning: DunningRow;
  readonly organization: BoardRow;
  readonly overdue: readonly Overdue[];
}

/** Every open case with its dates and what is owed, for operators. */
export async function readDunningBoard(context: Context): Promise<readonly BoardEntry[]> {
  requireProvider(context);
  return inTransaction(
    context,
    async (tx) => {
      const overdue = await selectOverdue(tx, context.clock.now());
      const names = new Map((await selectOrganizationNames(tx)).map((row) => [row.organizationId, row]));
      return (await selectOpenCases(tx)).flatMap((dunning) => {
        const organization = names.get(dunning.organizationId);
        return organization ? [{ dunning, organization, overdue: overdue.filter((item) => item.organizationId === dunning.organizationId) }] : [];
      });
    },
    { isolation: "repeatable read", readOnly: true },
  );
}

/** Organizations by standing and balance, the worst first. */
export async function listStandings(context: Context) {
  requireProvider(context);
  return inTransaction(context, (tx) => selectStandings(tx), { readOnly: true });
}

/** One's own dates, shown in advance; null when nothing is overdue. */
export async function readDunning(context: Context, input: { readonly organizationId: string }): Promise<{ readonly dunning: DunningRow; readonly overdue: readonly Overdue[] } | null> {
  return inTransaction(
    context,
    async (tx) => {
      const dunning = await selectNewestCase(tx, input.organizationId);
      if (!dunning || dunning.closedAt !== null) return null;
      return { dunning, overdue: await selectOverdue(tx, context.clock.now(), input.organizationId) };
    },
    { isolation: "repeatable read", readOnly: true },
  );
}

/** Gives an organization more time: every date that has not come moves back, and nothing happens meanwhile. */
export async function extendDunning(context: Context, input: ExtendDunningInput): Promise<DunningRow> {
  requireProvider(context);
  return inTransaction(context, async (tx) => {
    const row = await lockOpenCase(tx, input.organizationId);
    if (!row) throw new Problem("not-found", sentence("refused-dunning-none"), { what: "dunning", id: input.organizationId });
    const now = context.clock.now();
    const moveBack = (at: Date): Date => (at > now ? new Date(at.getTime() + input.days * DAY_MS) : at);
    const fields = { restrictAt: moveBack(row.restrictAt), suspendAt: moveBack(row.suspendAt), retainAt: moveBack(row.retainAt), deleteAt: moveBack(row.deleteAt), pausedUntil: new Date(now.getTime() + input.days * DAY_MS) };
    await updateCase(tx, row.id, fields);
    await recordAudit(tx, context, { organizationId: row.organizationId, action: "dunning.extended", targetKind: "dunning-case", targetId: row.id, before: { suspendAt: row.suspendAt.toISOString() }, after: { days: input.days, reason: input.reason, suspendAt: fields.suspendAt.toISOString() } });
    await wake(tx, "dun-organizations");
    await announce(tx, { organizationId: row.organizationId, topic: "payment", id: row.id });
    return { ...row, ...fields };
  });
}
