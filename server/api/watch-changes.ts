import { Problem } from "@/server/platform/errors";
import type { Change } from "@/server/platform/wake";
import { readSession, type Session } from "@/server/tenancy";
import { scoped, type ApiContext } from "./context";
import type { ChangeHub } from "./change-hub";
import { toTRPCError } from "./errors";

/** A notification may be lost, so a stream asks for its session again this often, whatever it heard. */
const RECHECK_MS = 30_000;

/** What a screen receives. The topic `*` says that some changes may have been lost: fetch everything anew. */
export type LiveEvent = Change | { readonly organizationId: null; readonly topic: "*"; readonly id: "*" };

type Watcher = Omit<ApiContext, "changes" | "session"> & { readonly changes: ChangeHub; readonly session: Session };

/** Which organizations a stream hears of; null for all of them, with the provider's own. */
function audience(session: Session, slug: string | null): ReadonlySet<string> | null {
  if (slug !== null) {
    const membership = session.memberships.find((candidate) => candidate.slug === slug);
    if (!membership) throw new Problem("not-found", `There is no organization ${slug} that you are a member of. Choose one from the list.`, { what: "organization", id: slug });
    return new Set([membership.organizationId]);
  }
  return session.user.operatorRole === null ? new Set(session.memberships.map((membership) => membership.organizationId)) : null;
}

function mayHear(change: Change, heard: ReadonlySet<string> | null): boolean {
  // What is on offer concerns everybody.
  if (change.organizationId === null) return heard === null || change.topic === "catalog" || change.topic === "image";
  return heard === null || heard.has(change.organizationId);
}

/** Changes that this session may hear of, until it is revoked or over, loses the organization, or the caller leaves. */
export function watchChanges(ctx: Watcher, slug: string | null, signal: AbortSignal | undefined): AsyncGenerator<LiveEvent, void, undefined> {
  // Asked before the stream opens, so that a wrong organization is an answer and not a stream that breaks.
  const heard = audience(ctx.session, slug);
  return guarded(ctx, stream(ctx, slug, heard, signal));
}

/** What breaks a running stream leaves the house as what breaks a procedure does. */
async function* guarded(ctx: Watcher, events: AsyncGenerator<LiveEvent, void, undefined>): AsyncGenerator<LiveEvent, void, undefined> {
  try {
    yield* events;
  } catch (error) {
    const outward = toTRPCError(error, ctx.requestId);
    if (outward.code === "INTERNAL_SERVER_ERROR") ctx.logger.error({ err: error }, "a live stream failed");
    throw outward;
  }
}

async function* stream(ctx: Watcher, slug: string | null, first: ReadonlySet<string> | null, signal: AbortSignal | undefined): AsyncGenerator<LiveEvent, void, undefined> {
  let heard = first;
  const { id: sessionId, user } = ctx.session;
  const concernsMe = (change: Change): boolean => (change.topic === "session" && change.id === sessionId) || (change.topic === "member" && change.id === user.id);
  const over = new AbortController();
  const ends = signal ? AbortSignal.any([signal, over.signal]) : over.signal;

  const recheck = async (): Promise<void> => {
    const session = await readSession(scoped(ctx, ctx.context.actor, "identity", null), { sid: sessionId, userId: user.id });
    if (!session) return over.abort();
    try {
      heard = audience(session, slug);
    } catch (error) {
      ctx.logger.info({ err: error }, "a live stream ends: its organization is out of reach now");
      over.abort();
    }
  };
  const timer = setInterval(() => {
    recheck().catch((error: unknown) => ctx.logger.warn({ err: error }, "a live stream could not ask for its session; it will ask again"));
  }, RECHECK_MS);
  timer.unref();
  try {
    for await (const event of ctx.changes.subscribe((change) => concernsMe(change) || (change.topic !== "session" && mayHear(change, heard)), ends)) {
      if (event.kind === "missed") {
        await recheck();
        if (ends.aborted) break;
        yield { organizationId: null, topic: "*", id: "*" };
        continue;
      }
      if (concernsMe(event.change)) await recheck();
      if (ends.aborted) break;
      if (event.change.topic !== "session" && mayHear(event.change, heard)) yield event.change;
    }
    if (over.signal.aborted) throw new Problem("unauthenticated", "Your session is over, or you are no member of this organization any more. Sign in again.");
  } finally {
    clearInterval(timer);
  }
}
