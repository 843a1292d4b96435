import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { lockHost, writeHealth } from "./store";
import type { HostRow } from "../types";

/** What a host's sensors say now; true when that is news. Does not raise generations: nothing is planned from it without an operator. */
export async function noteHealth(tx: Transaction, context: Context, hostId: string, findings: HostRow["health"]): Promise<boolean> {
  const host = await lockHost(tx, hostId);
  if (!host) return false;
  await writeHealth(tx, hostId, findings, context.clock.now());
  const news = JSON.stringify(host.health) !== JSON.stringify(findings);
  if (news) await announce(tx, { organizationId: null, topic: "host", id: hostId });
  return news;
}
