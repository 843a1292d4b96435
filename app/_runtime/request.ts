import { createApiContext, type ApiContext } from "@/server/api/context";
import { systemClock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import { systemRandom } from "@/server/platform/random";
import type { Session } from "@/server/tenancy";
import { runtime } from "./index";
import { countProcedure } from "./metrics";
import { sessionCookieName, sessionOf } from "./session";

export const REQUEST_ID_HEADER = "x-request-id";

/** The id that a proxy gave, when it looks like one; our own otherwise. It stands in every log line and audit entry. */
export function requestIdOf(headers: Headers): string {
  const given = headers.get(REQUEST_ID_HEADER);
  return given && /^[A-Za-z0-9_.-]{8,64}$/.test(given) ? given : mintId("request", { clock: systemClock, random: systemRandom });
}

/** The last entry of X-Forwarded-For: what our own proxy saw. Earlier ones are whatever the caller wrote. */
export function addressOf(headers: Pick<Headers, "get">): string | null {
  return headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() || null;
}

/** The value of one cookie of a request. */
function cookieOf(headers: Headers, name: string): string | undefined {
  for (const part of headers.get("cookie")?.split(";") ?? []) {
    const [key, ...value] = part.trim().split("=");
    // A session's token has no character that needs escaping; one that does is not ours.
    if (key === name) return value.join("=");
  }
  return undefined;
}

/** Who is behind a request to a route handler. */
export function sessionOfRequest(request: Request, requestId: string): Promise<Session | null> {
  return sessionOf(cookieOf(request.headers, sessionCookieName()), requestId);
}

/** The front door's context of one request, for route handlers. `changes` is opened for live streams only. */
export async function apiContextOf(request: Request, requestId: string, options: { readonly live?: boolean } = {}): Promise<ApiContext> {
  const { db, env, logger, origin } = runtime();
  return createApiContext({
    db,
    clock: systemClock,
    random: systemRandom,
    logger,
    session: await sessionOfRequest(request, requestId),
    requestId,
    ip: addressOf(request.headers),
    userAgent: request.headers.get("user-agent"),
    portalUrl: origin,
    consoleUrl: env.CONSOLE_URL.replace(/\/+$/, ""),
    mails: env.SMTP_URL !== undefined,
    onOutcome: countProcedure,
    ...(options.live ? { changes: await runtime().changes() } : {}),
  });
}

/** Refuses a change that another site's page sends with our cookie. Callers that are no browser send no Origin. */
export function isForeignOrigin(request: Request): boolean {
  const origin = request.headers.get("origin");
  return origin !== null && origin !== runtime().origin;
}
