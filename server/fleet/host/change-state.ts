import type { Context } from "@/server/platform/context";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { raiseGeneration } from "../cluster/store";
import type { HostRow } from "../types";
import { mayBecome, type HostState } from "./state";
import { writeHost } from "./store";

/** Moves a locked host to another state of the table; what it may not become is a bug, and is refused. */
export async function changeHostState(tx: Transaction, context: Context, host: HostRow, to: HostState, said: Said): Promise<HostRow> {
  const reason = textOf(said);
  const stateWords = wordsOf(said);
  if (host.state === to) {
    if (host.stateReason === reason) return host;
    return (await writeHost(tx, host.id, { stateReason: reason, stateWords })) ?? host;
  }
  if (!mayBecome(host.state, to)) {
    throw new Error(`Host ${host.name} (${host.id}) is ${host.state} and can not become ${to}; the table of host states has no such step.`);
  }
  const row = await writeHost(tx, host.id, { state: to, stateReason: reason, stateWords, stateChangedAt: context.clock.now() });
  await raiseGeneration(tx, host.clusterId);
  await announce(tx, { organizationId: null, topic: "host", id: host.id });
  if (to === "up") await wake(tx, "place-instances", "converge-instances", "evacuate-hosts");
  return row ?? { ...host, state: to, stateReason: reason, stateWords };
}
