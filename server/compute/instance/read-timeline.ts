import type { Context } from "@/server/platform/context";
import { decodeCursor, encodeCursor } from "@/server/platform/cursor";
import { notFound, Problem } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { timelineInput, type TimelineInput } from "./schema";
import { selectEvents, selectInstance } from "./store";
import type { TimelineEntry } from "./types";

/** What happened to an instance, newest first. */
export async function readTimeline(context: Context, input: TimelineInput): Promise<{ readonly items: readonly TimelineEntry[]; readonly nextCursor: string | null }> {
  const { instanceId, cursor, limit, from, to } = timelineInput.parse(input);
  const after = decodeCursor(cursor);
  if (after && Number.isNaN(Date.parse(after.value))) throw new Problem("bad-input", "The place to continue the timeline at is not understood. Begin at its newest entry again.", { field: "cursor" });
  return inTransaction(
    context,
    async (tx) => {
      if (!(await selectInstance(tx, context, instanceId))) throw notFound("instance", instanceId);
      const rows = await selectEvents(tx, instanceId, { after, from, to }, limit + 1);
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? encodeCursor({ value: last.at.toISOString(), id: last.id }) : null };
    },
    { readOnly: true },
  );
}
