import { startInstance } from "@/server/compute";
import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { selectRights } from "../assignment/store";
import { lockPool } from "../pool/store";
import { machineName, requireOrganization, USUAL_SECONDS } from "../rules";
import { poolRef, sessionRef, type PoolRef, type SessionRef } from "../schema";
import type { DesktopRow, GuestKeyboard, Opening } from "../types";
import { giveDesktop } from "../unit/give-desktop";
import { countAhead, insertSession, selectOpenOf, selectSession, selectUsualSeconds } from "./store";

/**
 * Opens a desktop of a pool for the person who asks: the session that they have, their own desktop, a free one, one that goes on, a new one, or a
 * place in the queue. Never two people on one desktop: the choice is made under the pool's row, and the table
 * refuses a second session.
 */
export async function openDesktop(context: Context, input: PoolRef): Promise<Opening> {
  const { poolId } = poolRef.parse(input);
  const organizationId = requireOrganization(context);
  const userId = context.actor.id;
  const opened = await inTransaction(context, async (tx) => {
    const pool = await lockPool(tx, poolId, organizationId);
    if (!pool || pool.deletedAt || !(await selectRights(tx, organizationId, userId)).has(poolId)) throw notFound("desktop pool", poolId);
    const open = await selectOpenOf(tx, poolId, userId);
    if (open) return { sessionId: open.id, wakes: null };
    const gift = await giveDesktop(tx, context, pool, userId);
    const now = context.clock.now();
    const session = await insertSession(tx, {
      id: mintId("desktopSession", context), organizationId, poolId, userId, desktopId: gift?.desktop.id ?? null, given: gift?.given ?? "queued", askedAt: now, readyAt: gift?.given === "running" ? now : null,
    });
    await recordAudit(tx, context, { action: "desktop-session.opened", targetKind: "desktop-session", targetId: session.id, after: { poolId, desktopId: session.desktopId, given: session.given } });
    await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: session.id });
    return { sessionId: session.id, wakes: gift?.given === "resuming" ? (gift.desktop.instanceId ?? null) : null };
  });
  // The loop would do it within its period; a person who waits should not wait for that.
  if (opened.wakes !== null) await startNow(context, opened.wakes);
  return readSession(context, { sessionId: opened.sessionId });
}

async function startNow(context: Context, instanceId: string): Promise<void> {
  try {
    await startInstance(context, { instanceId });
  } catch (error) {
    // A standing that forbids it, a machine that changed meanwhile: the loop says so on the pool.
    if (!(error instanceof Problem)) throw error;
    context.logger.info({ instanceId, code: error.code }, "a desktop was not started at once");
  }
}

/** Where a session of the person who asks stands; ask again when something changed. A foreign one looks like none. */
export async function readSession(context: Context, input: SessionRef): Promise<Opening> {
  const { sessionId } = sessionRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const found = await selectSession(tx, organizationId, sessionId);
    if (!found || found.session.userId !== context.actor.id) throw notFound("desktop session", sessionId);
    if (found.session.endedAt) throw new Problem("conflict", sentence("refused-session-over"), { sessionId, reason: found.session.endReason });
    return toOpening(tx, context, found);
  }, { readOnly: true });
}

type Found = NonNullable<Awaited<ReturnType<typeof selectSession>>>;

/** What its guest said that it has; the others have what QEMU takes letters for. */
function keyboardOf(desktop: DesktopRow | null): GuestKeyboard {
  return desktop?.personalisation?.outcomes.keyboard === "applied" ? desktop.personalisation.keyboard : "us";
}

export async function toOpening(tx: Transaction, context: Context, { session, pool, desktop, phase, observed }: Found): Promise<Opening> {
  const moving = phase === "migrating" || phase === "recovering" ? phase : null;
  const base = { sessionId: session.id, given: session.given, poolId: pool.id, poolName: pool.name, desktopName: desktop ? machineName(pool.name, desktop.number) : null, moving, kind: pool.kind, keyboard: keyboardOf(desktop), allows: { clipboardIn: pool.clipboardIn, clipboardOut: pool.clipboardOut, remoteResize: pool.remoteResize, filesIn: pool.filesIn, filesOut: pool.filesOut, fileLimitMiB: pool.fileLimitMiB }, isRecorded: pool.recordsEvents };
  if (session.desktopId === null || !desktop) return { ...base, state: "queued", estimateSeconds: null, place: (await countAhead(tx, session)) + 1 };
  if (session.readyAt !== null && (observed === "running" || moving !== null)) return { ...base, state: "ready", estimateSeconds: 0, place: null };
  const given = session.given === "queued" ? "cloning" : session.given;
  const usual = (await selectUsualSeconds(tx, pool.id)).get(session.given) ?? USUAL_SECONDS[given];
  const waitedSeconds = (context.clock.nowMs() - session.askedAt.getTime()) / 1_000;
  return { ...base, state: "coming", estimateSeconds: Math.max(1, Math.ceil(usual - waitedSeconds)), place: null };
}
