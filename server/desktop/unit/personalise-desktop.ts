import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { machineName } from "../rules";
import type { DesktopWork } from "../types";
import { updateDesktop } from "./store";

/** An agent that has not answered by then after a start will not; every golden image was seen to answer. */
const GIVE_UP_MS = 10 * 60_000;

/** What the guest should believe of itself. */
export interface Personality {
  readonly instanceId: string;
  readonly hostName: string;
  readonly timeZone: string;
}

/** Who a desktop's guest should be told that it is, since it was started or went on and was not told; null when there is nothing to tell. */
export function personalityOf({ desktop, pool, instance }: DesktopWork, timeZone: string, nowMs: number): Personality | null {
  if (instance?.state !== "running" || instance.runningSince === null) return null;
  if (desktop.state !== "ready" && desktop.state !== "in-session" && desktop.state !== "disconnected") return null;
  if (desktop.personalisedAt !== null && desktop.personalisedAt >= instance.runningSince) return null;
  return nowMs - instance.runningSince.getTime() > GIVE_UP_MS ? null : { instanceId: instance.id, hostName: machineName(pool.name, desktop.number), timeZone };
}

/** Its guest was told. */
export async function notePersonalised(context: Context, desktopId: string): Promise<void> {
  await inTransaction(context, (tx) => updateDesktop(tx, desktopId, { personalisedAt: context.clock.now() }));
}
