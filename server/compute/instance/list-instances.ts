import type { Context } from "@/server/platform/context";
import { decodeCursor, encodeCursor } from "@/server/platform/cursor";
import { Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { listInstancesInput, type ListInstancesInput } from "./schema";
import { countInstances, selectSummaries, type ListFilter } from "./store";
import { toSummary } from "./read-summary";
import type { InstancePage } from "./types";

/**
 * A page of the organization's instances. Search looks into names, and finds an id or address given in full. Those in the
 * trash are shown only when `deleted` or `deleting` is asked for.
 */
export async function listInstances(context: Context, input: ListInstancesInput): Promise<InstancePage> {
  const asked = listInstancesInput.parse(input);
  const now = context.clock.now();
  const after = decodeCursor(asked.cursor);
  if (after && asked.sort === "createdAt" && Number.isNaN(Date.parse(after.value))) throw new Problem("bad-input", "The place to continue the list at belongs to another order. Begin at the first page again.", { field: "cursor" });
  const filter: ListFilter = {
    search: asked.search ? asked.search : null,
    statuses: asked.status === undefined ? null : Array.isArray(asked.status) ? asked.status : [asked.status],
    sort: asked.sort,
    direction: asked.direction,
    after,
    limit: asked.limit + 1,
    now,
  };
  return inTransaction(
    context,
    async (tx) => {
      const rows = await selectSummaries(tx, context, filter);
      const page = rows.slice(0, asked.limit);
      const last = page.at(-1);
      return {
        items: page.map((row) => toSummary(row, now)),
        nextCursor: rows.length > asked.limit && last ? encodeCursor({ value: last.sortValue, id: last.row.id }) : null,
        total: await countInstances(tx, context, filter),
      };
    },
    { readOnly: true },
  );
}
