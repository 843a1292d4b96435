import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { adminAuditRouter } from "./admin/audit";
import { adminOrganizationsRouter } from "./admin/organizations";
import { accountRouter } from "./portal/account";
import { auditRouter } from "./portal/audit";
import { liveRouter } from "./portal/live";
import { membersRouter } from "./portal/members";
import { organizationRouter } from "./portal/organization";
import { createCallerFactory, router } from "./trpc";

/** One line a screen area; every procedure also needs its entry in tests/api/procedures.ts. */
export const appRouter = router({
  account: accountRouter,
  audit: auditRouter,
  live: liveRouter,
  members: membersRouter,
  organization: organizationRouter,
  admin: router({
    audit: adminAuditRouter,
    organizations: adminOrganizationsRouter,
  }),
});

export type AppRouter = typeof appRouter;
export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;
/** Calls procedures without HTTP: server components and tests. */
export const createCaller = createCallerFactory(appRouter);
