import { sentence } from "@/server/platform/sentences";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { allocationsOn } from "../allocation/store";
import { raiseGeneration } from "../cluster/store";
import { abortMovesFrom } from "../migration/end-migration";
import { askSecondRestored } from "../power/second-power";
import { conflict } from "../rules";
import type { HostRow } from "../types";
import { changeHostState } from "./change-state";
import { mayBecome } from "./state";
import { lockHost, writeHost } from "./store";

/** One operator's change of one host: lock, change, generation, audit, wake; all in one transaction. */
function operate(context: Context, hostId: string, action: string, change: Change): Promise<HostRow> {
  return inTransaction(context, (tx) => operateIn(tx, context, hostId, action, change));
}

type Change = (tx: Transaction, host: HostRow) => Promise<HostRow | null>;

async function operateIn(tx: Transaction, context: Context, hostId: string, action: string, change: Change): Promise<HostRow> {
  const before = await lockHost(tx, hostId);
  if (!before || before.state === "retired") throw notFound("host", hostId);
  const after = await change(tx, before);
  if (!after) throw notFound("host", hostId);
  await raiseGeneration(tx, after.clusterId);
  await announce(tx, { organizationId: null, topic: "host", id: hostId });
  await wake(tx, "place-instances", "evacuate-hosts", "enroll-hosts");
  await recordAudit(tx, context, { organizationId: null, action, targetKind: "host", targetId: hostId, before: facts(before), after: facts(after) });
  return after;
}

const facts = (host: HostRow) => ({ name: host.name, state: host.state, cordoned: host.cordoned, maintenance: host.maintenance, drainRequestedAt: host.drainRequestedAt });

/** Nothing new is placed there; what runs stays. */
export function cordonHost(context: Context, hostId: string): Promise<HostRow> {
  return operate(context, hostId, "host.cordoned", (tx) => writeHost(tx, hostId, { cordoned: true }));
}

export function uncordonHost(context: Context, hostId: string): Promise<HostRow> {
  return operate(context, hostId, "host.uncordoned", (tx, host) => {
    if (host.maintenance) throw conflict(sentence("refused-in-maintenance", { host: host.name }), { hostId });
    if (host.drainRequestedAt) throw conflict(sentence("refused-draining", { host: host.name }), { hostId });
    return writeHost(tx, hostId, { cordoned: false });
  });
}

/** The operator wants the host empty: the loop evacuate-hosts plans the moves and goes on until it is. */
export function drainHost(context: Context, hostId: string): Promise<HostRow> {
  return inTransaction(context, (tx) => drainHostIn(tx, context, hostId));
}

export function drainHostIn(tx: Transaction, context: Context, hostId: string): Promise<HostRow> {
  return operateIn(tx, context, hostId, "host.drain-requested", (_, host) => {
    if (host.state !== "up") throw conflict(sentence("refused-drain-state", { host: host.name, state: host.state }), { hostId, state: host.state });
    if (host.drainRequestedAt) return Promise.resolve(host);
    return writeHost(tx, hostId, { cordoned: true, drainRequestedAt: context.clock.now(), drainRequestedBy: context.actor.id });
  });
}

/** Ends a drain within seconds: moves are called off, also those under way, whose guests go on here; the host stays cordoned. */
export function cancelDrain(context: Context, hostId: string): Promise<HostRow> {
  return operate(context, hostId, "host.drain-cancelled", async (tx, host) => {
    if (!host.drainRequestedAt) throw conflict(sentence("refused-not-draining", { host: host.name }), { hostId });
    await abortMovesFrom(tx, context, hostId, sentence("move-drain-cancelled"));
    return writeHost(tx, hostId, { drainRequestedAt: null, drainRequestedBy: null });
  });
}

/** Only an empty host: whoever works on it may pull any plug. */
export function enterMaintenance(context: Context, hostId: string): Promise<HostRow> {
  return operate(context, hostId, "host.maintenance-entered", async (tx, host) => {
    const here = await allocationsOn(tx, hostId);
    if (here.length > 0) throw conflict(sentence("refused-maintenance-full", { instances: here.length, host: host.name }), { hostId, instances: here.length });
    return writeHost(tx, hostId, { maintenance: true, cordoned: true, drainRequestedAt: null, drainRequestedBy: null });
  });
}

/** Takes instances again, after what is stale there was removed. */
export function returnToService(context: Context, hostId: string): Promise<HostRow> {
  return operate(context, hostId, "host.returned-to-service", async (tx, host) => {
    await wake(tx, "return-hosts");
    // An outlet that fencing cut would keep it from ever answering; of a host that answers the loop puts it back unasked.
    if (host.state === "fenced") await askSecondRestored(tx, context, hostId);
    const open = await writeHost(tx, hostId, { maintenance: false, cordoned: false, drainRequestedAt: null, drainRequestedBy: null });
    if (host.state !== "quarantined" || !open) return open;
    return changeHostState(tx, context, open, "returning", sentence("host-returned"));
  });
}

/** Takes a host out of the fleet for ever. It must be empty; its row stays, for the history. */
export function retireHost(context: Context, hostId: string): Promise<HostRow> {
  return operate(context, hostId, "host.retired", async (tx, host) => {
    const here = await allocationsOn(tx, hostId);
    if (here.length > 0) throw conflict(sentence("refused-retire-full", { instances: here.length, host: host.name }), { hostId, instances: here.length });
    if (!mayBecome(host.state, "retired")) throw conflict(sentence("refused-retire-state", { host: host.name, state: host.state }), { hostId, state: host.state });
    const now = context.clock.now();
    const row = await changeHostState(tx, context, host, "retired", sentence("host-retired"));
    return writeHost(tx, row.id, { retiredAt: now });
  });
}
