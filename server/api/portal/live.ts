import { z } from "zod";
import { Problem } from "@/server/platform/errors";
import { watchChanges } from "../watch-changes";
import { organizationSlug, router, signedInProcedure } from "../trpc";

export const liveRouter = router({
  /**
   * What changes from now on, as names only: the screen fetches what it may see. With an organization, that one's;
   * without, every organization of a member, and everything for our staff. Ends when the session does.
   */
  changes: signedInProcedure.input(z.object({ organization: organizationSlug.optional() })).subscription(({ ctx, input, signal }) => {
    if (!ctx.changes) throw new Problem("unavailable", "Live changes are not served here. Reload the page to see the newest state.");
    return watchChanges({ ...ctx, changes: ctx.changes }, input.organization ?? null, signal);
  }),
});
