import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { readOrganization } from "@/server/tenancy";
import { listUsageWindows, summarizeUsage } from "./read-usage";
import type { DailyUsage } from "./store";
import type { UsageWindowRow } from "./types";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 31;
const MAX_DAYS = 366;

interface PeriodInput {
  readonly organizationId: string;
  readonly from?: Date;
  readonly to?: Date;
}

function period(context: Context, input: PeriodInput): { from: Date; to: Date } {
  const to = input.to ?? context.clock.now();
  const from = input.from ?? new Date(to.getTime() - DEFAULT_DAYS * DAY_MS);
  if (from >= to || to.getTime() - from.getTime() > MAX_DAYS * DAY_MS) {
    throw new Problem("bad-input", sentence("refused-usage-days", { days: MAX_DAYS }), { from: from.toISOString(), to: to.toISOString() });
  }
  return { from, to };
}

/** Use per day and meter in a period (default: the last 31 days), days as the organization's zone has them. */
export function readUsageSummary(context: Context, input: PeriodInput): Promise<{ readonly from: Date; readonly to: Date; readonly timeZone: string; readonly days: readonly DailyUsage[] }> {
  const { from, to } = period(context, input);
  return inTransaction(
    context,
    async (tx) => {
      const { timeZone } = await readOrganization(tx, input.organizationId);
      return { from, to, timeZone, days: await summarizeUsage(tx, input.organizationId, { from, to, timeZone }) };
    },
    { readOnly: true },
  );
}

/** One page of usage windows, newest first. The cursor is the last window of the page before. */
export function readUsageWindows(
  context: Context,
  input: PeriodInput & { readonly instanceId?: string; readonly cursor?: string; readonly limit: number },
): Promise<{ readonly items: readonly UsageWindowRow[]; readonly nextCursor: string | null }> {
  const { from, to } = period(context, input);
  const before = readCursor(input.cursor);
  return inTransaction(
    context,
    async (tx) => {
      const rows = await listUsageWindows(tx, input.organizationId, { from, to, limit: input.limit + 1, ...(input.instanceId ? { instanceId: input.instanceId } : {}), ...(before ? { before } : {}) });
      const items = rows.slice(0, input.limit);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > input.limit && last ? `${last.startedAt.getTime()}.${last.id}` : null };
    },
    { readOnly: true },
  );
}

function readCursor(cursor: string | undefined): { startedAt: Date; id: string } | null {
  if (cursor === undefined) return null;
  const match = /^(\d{1,15})\.(usw_[0-9a-z]{26})$/.exec(cursor);
  if (!match?.[1] || !match[2]) throw new Problem("bad-input", "This page marker is not one of ours. Begin at the first page.", {});
  return { startedAt: new Date(Number(match[1])), id: match[2] };
}
