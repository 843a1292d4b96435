import { openDatabase, type Database } from "@/db/client";
import { openChangeHub, type ChangeHub } from "@/server/api/change-hub";
import { systemClock, type Clock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { readEnv, webEnv } from "@/server/platform/env";
import { createLogger, type Logger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";

/** Connections of one web process: Postgres allows 100 to 200 in all, and a request holds one for a few milliseconds. */
const POOL_SIZE = 12;

/** What lives once in a web process. */
export interface Runtime {
  readonly env: ReturnType<typeof readEnv<typeof webEnv>>;
  readonly db: Database;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The portal's origin: scheme, host and port. */
  readonly origin: string;
  /** Opened at the first live stream. */
  changes(): Promise<ChangeHub>;
  /** True from the first signal to stop on: readiness says no, streams end, requests in flight finish. */
  readonly draining: boolean;
  drain(): Promise<void>;
}

declare global {
  /** The bundler gives each route its own copy of a module; what must exist once hangs on the process. */
  var berthRuntime: Runtime | undefined;
}

/** The process's own things, made at first use. Throws `EnvError`, naming every missing variable. */
export function runtime(): Runtime {
  globalThis.berthRuntime ??= createRuntime();
  return globalThis.berthRuntime;
}

function createRuntime(): Runtime {
  const env = readEnv(webEnv);
  const logger = createLogger({ process: "web", level: env.LOG_LEVEL });
  const db = openDatabase({ url: env.APP_DATABASE_URL, poolSize: POOL_SIZE, applicationName: "berth-web" });
  let hub: Promise<ChangeHub> | null = null;
  let draining = false;
  return {
    env,
    db,
    logger,
    clock: systemClock,
    origin: new URL(env.NEXTAUTH_URL).origin,
    changes() {
      hub ??= openChangeHub({ url: env.APP_DATABASE_URL, logger }).catch((error: unknown) => {
        hub = null;
        throw error;
      });
      return hub;
    },
    get draining() {
      return draining;
    },
    async drain() {
      draining = true;
      await (await hub)?.close();
    },
  };
}

/** The context of identity code outside of a procedure: sign-in, sign-out, reading a session. */
export function identityContext(requestId: string, actorId?: string): Context {
  const { db, logger } = runtime();
  const actor = actorId === undefined ? ({ kind: "system", id: "front-door" } as const) : ({ kind: "user", id: actorId } as const);
  return { db, clock: systemClock, random: systemRandom, logger: logger.child({ requestId }), requestId, actor, scope: "identity", organizationId: null };
}

/** The context of a door for machines of others, such as webhooks: our own side, acting under the door's name. */
export function providerContext(requestId: string, door: string): Context {
  const { db, logger } = runtime();
  return { db, clock: systemClock, random: systemRandom, logger: logger.child({ requestId }), requestId, actor: { kind: "system", id: door }, scope: "provider", organizationId: null };
}
