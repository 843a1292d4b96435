import { decode } from "next-auth/jwt";
import { readSession, type Session, type SessionClaims } from "@/server/tenancy";
import { identityContext, runtime } from "./index";

/** `__Secure-` makes browsers refuse the cookie over plain http, so it is for https only. */
export function usesSecureCookies(): boolean {
  return runtime().env.NEXTAUTH_URL.startsWith("https://");
}

export function sessionCookieName(): string {
  return `${usesSecureCookies() ? "__Secure-" : ""}next-auth.session-token`;
}

/** The claims of a signed cookie; null when it is missing, foreign or damaged. They say nothing of whether the session lives. */
export async function readClaims(cookie: string | undefined): Promise<SessionClaims | null> {
  if (!cookie) return null;
  let token: Awaited<ReturnType<typeof decode>>;
  try {
    token = await decode({ token: cookie, secret: runtime().env.NEXTAUTH_SECRET });
  } catch (error) {
    // Signed with an older secret, cut off, or made up: nobody is signed in by it.
    runtime().logger.debug({ err: error }, "a session cookie could not be read");
    return null;
  }
  const sid = token?.["sid"];
  return typeof sid === "string" && typeof token?.sub === "string" ? { sid, userId: token.sub } : null;
}

/** The live session behind a cookie, or null. */
export async function sessionOf(cookie: string | undefined, requestId: string): Promise<Session | null> {
  const claims = await readClaims(cookie);
  return claims ? readSession(identityContext(requestId, claims.userId), claims) : null;
}
