import type { QueryClient } from "@tanstack/react-query";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { cookies, headers } from "next/headers";
import { cache } from "react";
import { runtime } from "@/app/_runtime";
import { addressOf, requestIdOf } from "@/app/_runtime/request";
import { sessionCookieName, sessionOf } from "@/app/_runtime/session";
import { createApiContext } from "@/server/api/context";
import { appRouter, createCaller } from "@/server/api/root";
import { systemClock } from "@/server/platform/clock";
import { systemRandom } from "@/server/platform/random";

/** One id for everything that a page's rendering asks for. */
const pageRequestId = cache(async () => requestIdOf(await headers()));

/** Who is signed in, or null; asked once for a page, however many components want to know. */
export const getSession = cache(async () => {
  const store = await cookies();
  // Before the environment is looked at: a page that nobody signed in for is built without a database too.
  if (!store.getAll().some((cookie) => cookie.name.endsWith("next-auth.session-token"))) return null;
  return sessionOf(store.get(sessionCookieName())?.value, await pageRequestId());
});

const apiContext = cache(async () => {
  // First of all: a page that is built before anybody asks for it stops here, without an environment.
  const list = await headers();
  const { db, env, logger, origin } = runtime();
  return createApiContext({
    db,
    clock: systemClock,
    random: systemRandom,
    logger,
    session: await getSession(),
    requestId: await pageRequestId(),
    ip: addressOf(list),
    userAgent: list.get("user-agent"),
    portalUrl: origin,
    consoleUrl: env.CONSOLE_URL.replace(/\/+$/, ""),
    mails: env.SMTP_URL !== undefined,
  });
});

/** Procedures without HTTP, for server components: `const api = await serverCaller(); await api.catalog.publicFlavors()`. */
export const serverCaller = cache(async () => createCaller(await apiContext()));

/** The same as options of React Query, with the browser's own keys: what is prefetched with them is found there. */
export function serverQueries(queryClient: QueryClient) {
  return createTRPCOptionsProxy({ ctx: apiContext, router: appRouter, queryClient });
}
