import type { Transaction } from "@/server/platform/transaction";
import type { FencingRow } from "../types";
import { newestFencingSince, restartsFrom, untoldFencingsSince } from "./store";

/** One machine of a lost host on its way back. */
export interface RestartView {
  readonly instanceId: string;
  readonly name: string;
  readonly toHostName: string;
  readonly decidedAt: Date;
  /** When it was seen to run; null while it does not. */
  readonly backAt: Date | null;
  /** Stopped or deleted meanwhile: nobody waits for it. */
  readonly givenUp: boolean;
}

/** The newest fencing of a host whose silence began at or after a moment. */
export function lastFencing(tx: Transaction, hostId: string, since: Date): Promise<FencingRow | null> {
  return newestFencingSince(tx, hostId, since);
}

/** Fencings since a moment that no incident tells of yet, oldest first: open ones, and ones that were over before anybody looked. */
export function listUntoldFencings(tx: Transaction, since: Date): Promise<FencingRow[]> {
  return untoldFencingsSince(tx, since);
}

/** What was restarted because a host was lost, oldest decision first. */
export function listRestarts(tx: Transaction, hostId: string, since: Date): Promise<RestartView[]> {
  return restartsFrom(tx, hostId, since);
}
