import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import type { AuditListInput } from "./schema";
import { countEntries, selectEntries } from "./store";
import type { AuditEntryView } from "./types";

export interface AuditPage {
  readonly items: readonly AuditEntryView[];
  readonly nextCursor: string | null;
  readonly total: number;
}

/** The trail, newest first. A tenant reads its own chain only; staff read one chain or all. */
export async function listAudit(context: Context, input: AuditListInput): Promise<AuditPage> {
  const { cursor, limit, ...filter } = input;
  const chain = context.scope === "tenant" ? (context.organizationId ?? "") : filter.chain;
  return inTransaction(
    context,
    async (tx) => {
      const items = await selectEntries(tx, { ...filter, chain }, cursor ?? null, limit + 1);
      const page = items.slice(0, limit);
      const last = page.at(-1);
      return { items: page, nextCursor: items.length > limit && last ? String(last.id) : null, total: await countEntries(tx, { ...filter, chain }) };
    },
    { readOnly: true },
  );
}
