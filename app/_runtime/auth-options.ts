import type { NextAuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { Problem } from "@/server/platform/errors";
import { readSession, SESSION_LIFETIME_MS, signIn, signOut, type SessionClaims } from "@/server/tenancy";
import { signInInput } from "@/server/tenancy/session/schema";
import { countSignIn } from "./metrics";
import { addressOf } from "./request";
import { identityContext, runtime } from "./index";
import { usesSecureCookies } from "./session";

const LIFETIME_SECONDS = SESSION_LIFETIME_MS / 1000;

/** next-auth carries cookies and CSRF; whether a session lives is our own row's matter (server/tenancy/session). */
export function authOptions(requestId: string, headers: Headers): NextAuthOptions {
  const { env, logger } = runtime();
  const log = logger.child({ requestId, part: "next-auth" });
  return {
    secret: env.NEXTAUTH_SECRET,
    useSecureCookies: usesSecureCookies(),
    session: { strategy: "jwt", maxAge: LIFETIME_SECONDS },
    jwt: { maxAge: LIFETIME_SECONDS },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    providers: [
      CredentialsProvider({
        name: "password",
        credentials: { email: { type: "email" }, password: { type: "password" } },
        authorize: (credentials) => authorize(credentials, requestId, headers),
      }),
    ],
    callbacks: {
      // Only the row's id and the person's travel; names and rights are read anew on each request.
      jwt: ({ token, user }) => (user && "sid" in user ? { sub: user.id, sid: user.sid } : { sub: token.sub, sid: token["sid"] }),
      session: async ({ session, token }) => {
        const claims = claimsOf(token);
        const live = claims ? await readSession(identityContext(requestId, claims.userId), claims) : null;
        return { expires: live?.expiresAt.toISOString() ?? session.expires, ...(live ? { user: { name: live.user.name, email: live.user.email } } : {}) };
      },
    },
    events: {
      signOut: async ({ token }) => {
        const claims = claimsOf(token);
        if (claims) await signOut(identityContext(requestId, claims.userId), claims.sid);
      },
    },
    logger: {
      error: (code, metadata) => log.error({ code, metadata }, "next-auth"),
      warn: (code) => log.warn({ code }, "next-auth"),
      debug: (code, metadata) => log.debug({ code, metadata }, "next-auth"),
    },
  };
}

function claimsOf(token: Readonly<Record<string, unknown>> | null | undefined): SessionClaims | null {
  const sid = token?.["sid"];
  const sub = token?.["sub"];
  return typeof sid === "string" && typeof sub === "string" ? { sid, userId: sub } : null;
}

/** Null is "wrong address or password", whichever; an error's message reaches the sign-in page as its `error`. */
async function authorize(credentials: unknown, requestId: string, headers: Headers): Promise<{ id: string; sid: string } | null> {
  const input = signInInput.safeParse(credentials);
  if (!input.success) return null;
  try {
    const claims = await signIn(identityContext(requestId), input.data, { ip: addressOf(headers), userAgent: headers.get("user-agent") });
    countSignIn("ok");
    return { id: claims.userId, sid: claims.sid };
  } catch (error) {
    if (error instanceof Problem && error.code === "unauthenticated") {
      countSignIn("wrong");
      return null;
    }
    if (error instanceof Problem && error.code === "rate-limited") {
      countSignIn("rate-limited");
      throw new Error("rate-limited", { cause: error });
    }
    countSignIn("failed");
    runtime().logger.error({ requestId, err: error }, "sign-in failed");
    throw new Error("unavailable", { cause: error });
  }
}
