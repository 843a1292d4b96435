import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import { z } from "zod";
import { Problem } from "@/server/platform/errors";
import { roleAllows, staffAllows, type MemberRole, type OperatorRole, type Session } from "@/server/tenancy";
import { scoped, type ApiContext } from "./context";
import { problemOf, toTRPCError } from "./errors";

export { createApiContext, type ApiContext, type ApiContextOptions } from "./context";

/** The rung that a procedure stands on, kept beside it so that a test can walk the router and compare. */
export type Access =
  | { readonly rung: "public" }
  | { readonly rung: "signed-in" }
  | { readonly rung: "member"; readonly right: MemberRole }
  | { readonly rung: "operator"; readonly right: OperatorRole };

interface Meta {
  readonly access?: Access;
}

/** A server-sent stream that is silent for longer than this is closed by common proxies (nginx: 60 s). */
const HEARTBEAT_SECONDS = 15;

const t = initTRPC
  .context<ApiContext>()
  .meta<Meta>()
  .create({
    transformer: superjson,
    // A stack is for our log only, whatever NODE_ENV says.
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: HEARTBEAT_SECONDS * 1000 }, client: { reconnectAfterInactivityMs: 3 * HEARTBEAT_SECONDS * 1000 } },
    // Errors of procedures come through the ladder already; one from before it (its context, its stream) is made harmless here.
    errorFormatter: ({ shape, error, ctx }) => {
      const outward = toTRPCError(error, ctx?.requestId ?? "unknown");
      return { ...shape, message: outward.message, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, problem: problemOf(outward) } };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Gives every error the shape of the house, measures, and writes one line a procedure. */
const outermost = t.middleware(async ({ ctx, path, type, next }) => {
  const startedMs = ctx.clock.nowMs();
  const result = await next();
  const error = result.ok ? null : toTRPCError(result.error, ctx.requestId);
  const durationMs = ctx.clock.nowMs() - startedMs;
  const code = error?.code ?? "OK";
  ctx.onOutcome?.({ path, type, ok: result.ok, code, durationMs });
  const line = { procedure: path, type, code, durationMs, userId: ctx.session?.user.id };
  if (error?.code === "INTERNAL_SERVER_ERROR") ctx.logger.error({ ...line, err: error.cause }, "procedure failed");
  else ctx.logger.info(line, "procedure");
  if (error) throw error;
  return result;
});

/** Anybody. `ctx.context` has the identity scope: it sees who people are, and no tenant's things. */
export const publicProcedure = t.procedure.meta({ access: { rung: "public" } }).use(outermost);

function signedIn(ctx: ApiContext): Session {
  if (!ctx.session) throw new TRPCError({ code: "UNAUTHORIZED", cause: new Problem("unauthenticated", "You are not signed in, or the session is over. Sign in and try again.") });
  return ctx.session;
}

/** Anybody with a live session. */
export const signedInProcedure = t.procedure
  .meta({ access: { rung: "signed-in" } })
  .use(outermost)
  .use(({ ctx, next }) => next({ ctx: { session: signedIn(ctx) } }));

/** The shape of a slug; whether it exists is the ladder's question. */
export const organizationSlug = z.string().min(1).max(63).regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, { error: "is not the short name of an organization" });

/**
 * A member of the organization that the input names (its slug, as in /o/[org]), whose role carries `right`. Somebody
 * else's organization answers like one that does not exist. `ctx.context` has the tenant scope.
 */
export function memberProcedure(right: MemberRole) {
  return t.procedure
    .meta({ access: { rung: "member", right } })
    .use(outermost)
    .use(({ ctx, next }) => next({ ctx: { session: signedIn(ctx) } }))
    .input(z.object({ organization: organizationSlug }))
    .use(({ ctx, input, next }) => {
      const membership = ctx.session.memberships.find((candidate) => candidate.slug === input.organization);
      if (!membership) throw new Problem("not-found", `There is no organization ${input.organization} that you are a member of. Choose one from the list.`, { what: "organization", id: input.organization });
      const { organizationId, role } = membership;
      if (!roleAllows(role, right)) {
        throw new Problem("forbidden", `Your role in ${membership.name} is ${role}; this needs the rights of ${right}. Ask an owner or admin of the organization.`, { role, right });
      }
      return next({ ctx: { member: { organizationId, role }, context: scoped(ctx, { kind: "user", id: ctx.session.user.id }, "tenant", organizationId) } });
    });
}

/** Our own staff whose role carries `right`. `ctx.context` has the provider scope: it sees every tenant. */
export function operatorProcedure(right: OperatorRole) {
  return t.procedure
    .meta({ access: { rung: "operator", right } })
    .use(outermost)
    .use(({ ctx, next }) => {
      const session = signedIn(ctx);
      const role = session.user.operatorRole;
      if (role === null || !staffAllows(role, right)) {
        throw new Problem("forbidden", `This is for the provider's staff with the rights of ${right}.`, { right });
      }
      return next({ ctx: { session, operator: { role }, context: scoped(ctx, { kind: "operator", id: session.user.id }, "provider", null) } });
    });
}
