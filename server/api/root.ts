import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { adminAuditRouter } from "./admin/audit";
import { adminAutomationRouter } from "./admin/automation";
import { adminBillingRouter } from "./admin/billing";
import { adminCatalogRouter } from "./admin/catalog";
import { adminClustersRouter } from "./admin/clusters";
import { adminConsolesRouter } from "./admin/consoles";
import { adminDecisionsRouter } from "./admin/decisions";
import { adminDesktopsRouter } from "./admin/desktops";
import { adminHostsRouter } from "./admin/hosts";
import { adminLoopsRouter } from "./admin/loops";
import { adminOrganizationsRouter } from "./admin/organizations";
import { adminPaymentsRouter } from "./admin/payments";
import { adminRehearsalsRouter } from "./admin/rehearsals";
import { accountRouter } from "./portal/account";
import { auditRouter } from "./portal/audit";
import { billingRouter } from "./portal/billing";
import { catalogRouter } from "./portal/catalog";
import { consoleRouter } from "./portal/console";
import { desktopGroupsRouter } from "./portal/desktop-groups";
import { desktopPoolsRouter } from "./portal/desktop-pools";
import { desktopsRouter } from "./portal/desktops";
import { imagesRouter } from "./portal/images";
import { instancesRouter } from "./portal/instances";
import { liveRouter } from "./portal/live";
import { membersRouter } from "./portal/members";
import { networksRouter } from "./portal/networks";
import { organizationRouter } from "./portal/organization";
import { quotaRouter } from "./portal/quota";
import { sshKeysRouter } from "./portal/ssh-keys";
import { usageRouter } from "./portal/usage";
import { createCallerFactory, router } from "./trpc";

/** One line a screen area; every procedure also needs its entry in tests/api/procedures.ts. */
export const appRouter = router({
  account: accountRouter,
  audit: auditRouter,
  billing: billingRouter,
  catalog: catalogRouter,
  console: consoleRouter,
  desktopGroups: desktopGroupsRouter,
  desktopPools: desktopPoolsRouter,
  desktops: desktopsRouter,
  images: imagesRouter,
  instances: instancesRouter,
  live: liveRouter,
  members: membersRouter,
  networks: networksRouter,
  organization: organizationRouter,
  quota: quotaRouter,
  sshKeys: sshKeysRouter,
  usage: usageRouter,
  admin: router({
    audit: adminAuditRouter,
    automation: adminAutomationRouter,
    billing: adminBillingRouter,
    catalog: adminCatalogRouter,
    clusters: adminClustersRouter,
    consoles: adminConsolesRouter,
    decisions: adminDecisionsRouter,
    desktops: adminDesktopsRouter,
    hosts: adminHostsRouter,
    loops: adminLoopsRouter,
    organizations: adminOrganizationsRouter,
    payments: adminPaymentsRouter,
    rehearsals: adminRehearsalsRouter,
  }),
});

export type AppRouter = typeof appRouter;
export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;
/** Calls procedures without HTTP: server components and tests. */
export const createCaller = createCallerFactory(appRouter);
