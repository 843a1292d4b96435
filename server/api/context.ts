import type { Clock } from "@/server/platform/clock";
import type { Actor, Context, Scope } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import type { Logger } from "@/server/platform/logger";
import type { Random } from "@/server/platform/random";
import type { Session } from "@/server/tenancy";
import type { ChangeHub } from "./change-hub";

/** One finished procedure, for metrics and the request log. */
export interface ProcedureOutcome {
  readonly path: string;
  readonly type: "query" | "mutation" | "subscription";
  readonly ok: boolean;
  /** A tRPC error code; `OK` when it succeeded. */
  readonly code: string;
  readonly durationMs: number;
}

/** What a composition root hands in: the route handler, the server caller of a page, a test. */
export interface ApiContextOptions {
  readonly db: Context["db"];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Who asks, already read from the session row; null is nobody. */
  readonly session: Session | null;
  /** Minted when left out. */
  readonly requestId?: string;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
  /** Where browsers reach the portal, without a slash at the end; links in answers begin with it. */
  readonly portalUrl: string;
  /** Where browsers reach the console gateway (ws:// or wss://), without a slash at the end. */
  readonly consoleUrl: string;
  /** True where messages to people leave by mail; otherwise links are handed over by hand. */
  readonly mails?: boolean;
  /** Left out where subscriptions are not served. */
  readonly changes?: ChangeHub;
  readonly onOutcome?: (outcome: ProcedureOutcome) => void;
}

/** The context of one request. Procedures work with `context`, which a rung of the ladder narrows to its scope. */
export interface ApiContext extends Omit<ApiContextOptions, "requestId" | "ip" | "userAgent" | "mails" | "changes" | "onOutcome"> {
  readonly mails: boolean;
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly changes: ChangeHub | null;
  readonly onOutcome: ((outcome: ProcedureOutcome) => void) | null;
  /** Identity scope until a rung of the ladder says otherwise. */
  readonly context: Context;
}

/** Makes the context of one request. */
export function createApiContext(options: ApiContextOptions): ApiContext {
  const requestId = options.requestId ?? mintId("request", options);
  const logger = options.logger.child({ requestId });
  const base = { ...options, requestId, logger, ip: options.ip ?? null, userAgent: options.userAgent ?? null, mails: options.mails ?? false, changes: options.changes ?? null, onOutcome: options.onOutcome ?? null };
  const actor: Actor = options.session ? { kind: "user", id: options.session.user.id } : { kind: "system", id: "front-door" };
  return { ...base, context: scoped(base, actor, "identity", null) };
}

/** The verbs' context in one scope. */
export function scoped(from: Pick<ApiContext, "db" | "clock" | "random" | "logger" | "requestId">, actor: Actor, scope: Scope, organizationId: string | null): Context {
  return { db: from.db, clock: from.clock, random: from.random, logger: from.logger, requestId: from.requestId, actor, scope, organizationId };
}
