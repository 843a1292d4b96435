import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordAudit } from "@/server/tenancy";
import { hostsOf } from "../host/store";
import { conflict } from "../rules";
import type { PolicyInput } from "../schema";
import type { ClusterRow, HostRow } from "../types";
import { policyOf, type ClusterPolicyView } from "./read-cluster";
import { findCluster, lockCluster, poolsOf, writePolicy } from "./store";

/** What a change of policy would do. Machines that run are never touched by it; only new ones are admitted or refused. */
export interface PolicyEffect {
  readonly before: ClusterPolicyView;
  readonly after: ClusterPolicyView;
  readonly sellable: { readonly vcpusBefore: number; readonly vcpusAfter: number; readonly memoryMiBBefore: number; readonly memoryMiBAfter: number; readonly storageMiBBefore: number; readonly storageMiBAfter: number };
  /** Hosts that have sold more than the new ratio allows: what runs stays, nothing new arrives until they are below. */
  readonly oversold: readonly { readonly hostId: string; readonly name: string; readonly text: string }[];
  readonly sentences: readonly string[];
}

function effectOf(cluster: ClusterRow, change: Partial<ClusterPolicyView>, hosts: readonly HostRow[], poolMiB: number): PolicyEffect {
  const before = policyOf(cluster);
  const after: ClusterPolicyView = { ...before, ...change };
  if (after.fenceAfterSeconds <= after.suspectAfterSeconds) {
    throw conflict(sentence("refused-fence-before-suspect", { fenceAfterSeconds: after.fenceAfterSeconds, suspectAfterSeconds: after.suspectAfterSeconds }), { suspectAfterSeconds: after.suspectAfterSeconds, fenceAfterSeconds: after.fenceAfterSeconds });
  }
  const up = hosts.filter((host) => host.state === "up");
  const cores = up.reduce((sum, host) => sum + host.cores, 0);
  const memory = up.reduce((sum, host) => sum + host.memoryMiB - host.systemMemoryMiB, 0);
  const oversold = hosts.flatMap((host) => {
    const vcpus = Math.floor(host.cores * after.cpuRatio);
    const memoryMiB = Math.floor((host.memoryMiB - host.systemMemoryMiB) * after.memoryRatio);
    if (host.committedVcpus <= vcpus && host.committedMemoryMiB <= memoryMiB) return [];
    return [{ hostId: host.id, name: host.name, text: `${host.name} has sold ${host.committedVcpus} vCPUs of ${vcpus} and ${host.committedMemoryMiB} MiB of ${memoryMiB}; what runs there stays, and it takes nothing new until it is below.` }];
  });
  const sellable = {
    vcpusBefore: Math.floor(cores * before.cpuRatio),
    vcpusAfter: Math.floor(cores * after.cpuRatio),
    memoryMiBBefore: Math.floor(memory * before.memoryRatio),
    memoryMiBAfter: Math.floor(memory * after.memoryRatio),
    storageMiBBefore: Math.floor(poolMiB * before.storageRatio),
    storageMiBAfter: Math.floor(poolMiB * after.storageRatio),
  };
  const sentences = ["Machines that run are not touched."];
  if (sellable.vcpusAfter !== sellable.vcpusBefore) sentences.push(`vCPUs that may be sold: ${sellable.vcpusBefore} now, ${sellable.vcpusAfter} afterwards.`);
  if (sellable.memoryMiBAfter !== sellable.memoryMiBBefore) sentences.push(`Memory that may be sold: ${sellable.memoryMiBBefore} MiB now, ${sellable.memoryMiBAfter} MiB afterwards.`);
  if (sellable.storageMiBAfter !== sellable.storageMiBBefore) sentences.push(`Storage that may be sold: ${sellable.storageMiBBefore} MiB now, ${sellable.storageMiBAfter} MiB afterwards.`);
  if (after.failoverHosts !== before.failoverHosts) sentences.push(`The loss of ${after.failoverHosts} ${after.failoverHosts === 1 ? "host" : "hosts"} at once stays survivable for new orders; it was ${before.failoverHosts}.`);
  if (after.fenceAfterSeconds !== before.fenceAfterSeconds) sentences.push(`A silent host is fenced after ${after.fenceAfterSeconds} s; it was ${before.fenceAfterSeconds} s.`);
  return { before, after, sellable, oversold, sentences };
}

async function poolSizeMiB(tx: Transaction, clusterId: string): Promise<number> {
  return (await poolsOf(tx, clusterId)).reduce((sum, pool) => sum + pool.capacityMiB, 0);
}

/** Only the fields that were named. */
function changeOf(input: PolicyInput): Partial<ClusterPolicyView> {
  const { clusterId: _clusterId, ...fields } = input;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Says what `updatePolicy` with the same input would do; changes nothing. */
export function previewPolicy(context: Context, input: PolicyInput): Promise<PolicyEffect> {
  return inTransaction(context, async (tx) => {
    const cluster = await findCluster(tx, input.clusterId);
    if (!cluster) throw notFound("cluster", input.clusterId);
    return effectOf(cluster, changeOf(input), await hostsOf(tx, cluster.id), await poolSizeMiB(tx, cluster.id));
  });
}

/** Changes a cluster's policy; whoever waits is tried again at once. */
export function updatePolicy(context: Context, input: PolicyInput): Promise<PolicyEffect> {
  return inTransaction(context, (tx) => updatePolicyIn(tx, context, input));
}

export async function updatePolicyIn(tx: Transaction, context: Context, input: PolicyInput): Promise<PolicyEffect> {
  const cluster = await lockCluster(tx, input.clusterId);
  if (!cluster) throw notFound("cluster", input.clusterId);
  const effect = effectOf(cluster, changeOf(input), await hostsOf(tx, cluster.id), await poolSizeMiB(tx, cluster.id));
  await writePolicy(tx, cluster.id, changeOf(input));
  await announce(tx, { organizationId: null, topic: "cluster", id: cluster.id });
  await wake(tx, "place-instances", "fence-hosts");
  await recordAudit(tx, context, { organizationId: null, action: "cluster.policy-changed", targetKind: "cluster", targetId: cluster.id, before: { ...effect.before }, after: { ...effect.after } });
  return effect;
}
