import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { allocationsOn } from "../allocation/store";
import { findHost } from "../host/store";
import { pageIncidents } from "../incident/store";
import { finishedMoves, movesAwayFrom } from "../migration/store";
import { energyIn } from "../power/meter-power";
import { powerEventsOf } from "../power/store";

/** What a cluster did by itself in a stretch of time. */
export interface MeasuredStretch {
  readonly moves: number;
  readonly sleeps: number;
  readonly wakes: number;
  /** Null where nothing was read. */
  readonly usedKwh: number | null;
  readonly savedKwh: number | null;
}

export function measureStretch(context: Context, clusterId: string, from: Date, to: Date): Promise<MeasuredStretch> {
  return inTransaction(context, async (tx) => {
    const moves = [...(await finishedMoves(tx, clusterId, "sleep", from, to)), ...(await finishedMoves(tx, clusterId, "balance", from, to))];
    const events = await powerEventsOf(tx, { clusterId }, from, to);
    const { energy, readings } = await energyIn(tx, clusterId, from, to);
    return { moves: moves.length, sleeps: events.filter((event) => event.to === "falling-asleep").length, wakes: events.filter((event) => event.to === "waking").length, usedKwh: readings.length === 0 ? null : energy.usedKwh, savedKwh: readings.length === 0 ? null : energy.savedKwh };
  }, { readOnly: true });
}

/** How the emptying of hosts went so far. */
export interface MeasuredEmptying {
  readonly empty: boolean;
  readonly moves: number;
  readonly longestPauseMs: number;
  /** The last move away ended then. */
  readonly lastAt: Date | null;
  /** Some of them are no longer being drained, nor empty. */
  readonly calledOff: boolean;
}

export function measureEmptying(context: Context, hostIds: readonly string[], since: Date): Promise<MeasuredEmptying> {
  return inTransaction(context, async (tx) => {
    let empty = true;
    let calledOff = false;
    for (const hostId of hostIds) {
      const host = await findHost(tx, hostId);
      const here = (await allocationsOn(tx, hostId)).length;
      if (here > 0) empty = false;
      if (here > 0 && !host?.drainRequestedAt) calledOff = true;
    }
    const moves = await movesAwayFrom(tx, hostIds, since);
    const ended = moves.flatMap((move) => move.finishedAt?.getTime() ?? []);
    return { empty, calledOff, moves: moves.length, longestPauseMs: Math.max(0, ...moves.map((move) => move.downtimeMs ?? 0)), lastAt: ended.length === 0 ? null : new Date(Math.max(...ended)) };
  }, { readOnly: true });
}

/** How the loss of a host went, milliseconds from its first signal; null while there was none, or it goes on. */
export interface MeasuredLoss {
  readonly incidentId: string;
  readonly openedAt: Date;
  readonly closedAt: Date;
  readonly figures: Readonly<Record<string, unknown>>;
}

/**
 * The loss of a host that was under way after a moment. By its end: a question that was on its way when the power went is
 * the first to have no answer, so the loss may begin a moment before its cause.
 */
export function measureLoss(context: Context, hostId: string, since: Date): Promise<MeasuredLoss | null> {
  return inTransaction(context, async (tx) => {
    const rows = await pageIncidents(tx, { hostId, limit: 20 });
    const one = rows.filter((row) => row.kind === "host-lost" && (row.closedAt === null || row.closedAt >= since)).at(-1);
    return one?.closedAt ? { incidentId: one.id, openedAt: one.openedAt, closedAt: one.closedAt, figures: one.figures } : null;
  }, { readOnly: true });
}
