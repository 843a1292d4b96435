import { sentence } from "@/server/platform/sentences";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { findCluster } from "../cluster/store";
import { findHostByName, insertHost, lockHost, writeHost, writePower } from "../host/store";
import { withSecondPower } from "../power/second-power";
import { conflict } from "../rules";
import type { EnrolHostInput } from "../schema";
import type { HostRow } from "../types";

/**
 * Notes a host that wants to join. The worker looks at it (the loop enroll-hosts) and writes what it found; it joins
 * by itself as soon as nothing is wrong, unless only a look was asked for.
 */
export function requestEnrolment(context: Context, input: EnrolHostInput, options: { readonly checkOnly: boolean }): Promise<HostRow> {
  return inTransaction(context, async (tx) => {
    const cluster = await findCluster(tx, input.clusterId);
    if (!cluster) throw notFound("cluster", input.clusterId);
    const present = await findHostByName(tx, input.clusterId, input.name);
    const now = context.clock.now();
    const power = withSecondPower(input.power, input.secondPower ?? null);
    const facts = { uri: input.uri, managementAddress: input.managementAddress, systemMemoryMiB: input.systemMemoryMiB, failureDomain: input.failureDomain };
    if (present) {
      if (present.state !== "enrolling") throw conflict(sentence("refused-host-taken", { cluster: cluster.name, host: input.name, state: present.state }), { hostId: present.id });
      await lockHost(tx, present.id);
      const row = await writeHost(tx, present.id, { ...facts, maintenance: options.checkOnly, preflight: null, preflightAt: null, stateReason: sentence("host-looked-at").text, stateWords: sentence("host-looked-at").words });
      await writePower(tx, present.id, power, now);
      await wake(tx, "enroll-hosts");
      return row ?? present;
    }
    const row: Parameters<typeof insertHost>[1] = {
      id: mintId("host", context),
      clusterId: input.clusterId,
      name: input.name,
      ...facts,
      cores: 0,
      memoryMiB: input.systemMemoryMiB,
      state: "enrolling",
      stateReason: sentence("host-looked-at").text, stateWords: sentence("host-looked-at").words,
      stateChangedAt: now,
      maintenance: options.checkOnly,
      enrolledAt: now,
    };
    await insertHost(tx, row, power);
    await announce(tx, { organizationId: null, topic: "host", id: row.id });
    await wake(tx, "enroll-hosts");
    await recordAudit(tx, context, { organizationId: null, action: options.checkOnly ? "host.preflight-requested" : "host.enrolment-requested", targetKind: "host", targetId: row.id, before: null, after: { name: input.name, uri: input.uri, clusterId: input.clusterId } });
    const made = await lockHost(tx, row.id);
    if (!made) throw notFound("host", row.id);
    return made;
  });
}
