import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { raiseGeneration } from "../cluster/store";
import { lockHost, writeHost } from "../host/store";
import { conflict } from "../rules";
import type { HostPowerInput } from "../schema";
import type { HostRow } from "../types";
import { requestWake } from "./wake-host";

const facts = (host: HostRow) => ({ keepAwake: host.keepAwake, drillable: host.drillable, powerCurve: host.powerCurve, linkMbps: host.linkMbps });

/** What only an operator knows of a host's power and links; what is not named stays. */
export function setHostPower(context: Context, input: HostPowerInput): Promise<HostRow> {
  return inTransaction(context, async (tx) => {
    const before = await lockHost(tx, input.hostId);
    if (!before || before.state === "retired") throw notFound("host", input.hostId);
    const { hostId: _id, ...change } = input;
    const after = (await writeHost(tx, input.hostId, Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)))) ?? before;
    await raiseGeneration(tx, before.clusterId);
    await announce(tx, { organizationId: null, topic: "host", id: input.hostId });
    await wake(tx, "consolidate-clusters", "wake-hosts");
    await recordAudit(tx, context, { organizationId: null, action: "host.power-changed", targetKind: "host", targetId: input.hostId, before: facts(before), after: facts(after) });
    return after;
  });
}

/** An operator wants a sleeper up now. @throws Problem `conflict` when it does not sleep. */
export function wakeHostNow(context: Context, hostId: string): Promise<HostRow> {
  return inTransaction(context, async (tx) => {
    const before = await lockHost(tx, hostId);
    if (!before || before.state === "retired") throw notFound("host", hostId);
    const row = await requestWake(tx, context, hostId, { reason: sentence("wake-operator"), inputs: { operator: context.actor.id } });
    if (!row) throw conflict(sentence("refused-wake", { host: before.name }), { hostId, state: before.state, powerState: before.powerState });
    await recordAudit(tx, context, { organizationId: null, action: "host.wake-requested", targetKind: "host", targetId: hostId, before: { powerState: before.powerState }, after: { powerState: row.powerState } });
    return row;
  });
}
