import { listInstancesForCluster, type ObservedState } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import type { Words } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { allocationsOn, countByHost } from "../allocation/store";
import { allClusters, findCluster } from "../cluster/store";
import { fencingsOf } from "../fencing/store";
import { openMigrationsTouching } from "../migration/store";
import { secondPowerOf } from "../power/second-power";
import type { FencingRow, HostRow, MigrationRow, Page } from "../types";
import { findHost, hostsOf, readPowerConfig } from "./store";
import { summarizeHost, type HostSummary } from "./summarize-host";

export type { HostSummary };

/** Facts of a host that change seldom, beside its summary. */
export interface HostDetail extends HostSummary {
  readonly clusterName: string;
  readonly uri: string;
  readonly managementAddress: string;
  readonly hostUuid: string | null;
  readonly hypervisorVersion: string | null;
  readonly usableCpuModels: readonly string[];
  readonly failureDomain: string;
  readonly systemMemoryMiB: number;
  readonly enrolledAt: Date;
  readonly drainRequestedAt: Date | null;
  /** What an operator said of its power and links. */
  readonly keepAwake: boolean;
  readonly powerCurve: HostRow["powerCurve"];
  readonly linkMbps: number | null;
  /** From the power button to an answering hypervisor, the slowest of late; null before the first wake. */
  readonly wakeSeconds: number | null;
  readonly lastWakeTestAt: Date | null;
  /** What its sensors and disks say that should worry an operator. */
  readonly health: HostRow["health"];
}

export interface PlacedInstance {
  readonly instanceId: string;
  readonly name: string;
  readonly organizationId: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly epoch: number;
  readonly observedState: ObservedState | null;
  readonly desiredPower: string | null;
  readonly decisionId: string;
}

export interface HostView {
  readonly host: HostDetail;
  readonly instances: readonly PlacedInstance[];
  /** The kind of its management controller; how to reach it stays with the worker. */
  readonly power: { readonly kind: string; readonly canFence: boolean; readonly second: ReturnType<typeof secondPowerOf> };
  /** The newest one, open or closed. */
  readonly fencing: FencingRow | null;
  readonly fencings: readonly FencingRow[];
  /** Open ones, from it and to it. */
  readonly migrations: readonly MigrationRow[];
  readonly preflight: { readonly at: Date | null; readonly findings: readonly { readonly check: string; readonly ok: boolean; readonly text: string; readonly words?: readonly Words[] }[] } | null;
}

const FENCINGS_SHOWN = 10;

export function listHosts(context: Context, filter: { readonly clusterId?: string } = {}): Promise<Page<HostSummary>> {
  return inTransaction(context, async (tx) => {
    const hosts = await hostsOf(tx, filter.clusterId);
    const clusters = new Map((await allClusters(tx)).map((row) => [row.id, row]));
    const counts = await countByHost(tx, hosts.map((host) => host.id));
    const items = hosts.flatMap((host) => {
      const cluster = clusters.get(host.clusterId);
      return cluster ? [summarizeHost(host, cluster, counts.get(host.id) ?? 0)] : [];
    });
    return { items, nextCursor: null, total: items.length };
  });
}

export function getHost(context: Context, hostId: string): Promise<HostView> {
  return inTransaction(context, async (tx) => {
    const host = await findHost(tx, hostId);
    const cluster = host ? await findCluster(tx, host.clusterId) : null;
    if (!host || !cluster) throw notFound("host", hostId);
    const allocations = await allocationsOn(tx, hostId);
    const instances = new Map((allocations.length === 0 ? [] : await listInstancesForCluster(tx, context, host.clusterId)).map((one) => [one.id, one]));
    const config = await readPowerConfig(tx, hostId);
    const kind = typeof config?.["kind"] === "string" ? config["kind"] : "none";
    const fencings = await fencingsOf(tx, hostId, FENCINGS_SHOWN);
    return {
      host: {
        ...summarizeHost(host, cluster, allocations.length),
        clusterName: cluster.name,
        uri: host.uri,
        managementAddress: host.managementAddress,
        hostUuid: host.hostUuid,
        hypervisorVersion: host.hypervisorVersion,
        usableCpuModels: host.usableCpuModels,
        failureDomain: host.failureDomain,
        systemMemoryMiB: host.systemMemoryMiB,
        enrolledAt: host.enrolledAt,
        drainRequestedAt: host.drainRequestedAt,
        keepAwake: host.keepAwake,
        powerCurve: host.powerCurve,
        linkMbps: host.linkMbps,
        wakeSeconds: host.wakeSeconds,
        lastWakeTestAt: host.lastWakeTestAt,
        health: host.health,
      },
      instances: allocations.map((row) => {
        const one = instances.get(row.instanceId);
        return {
          instanceId: row.instanceId,
          name: one?.name ?? row.instanceId,
          organizationId: one?.organizationId ?? "",
          vcpus: row.vcpus,
          memoryMiB: row.memoryMiB,
          epoch: row.epoch,
          observedState: one?.observation?.state ?? null,
          desiredPower: one?.desiredPower ?? null,
          decisionId: row.decisionId,
        };
      }),
      power: { kind, canFence: kind !== "wol" && kind !== "none", second: secondPowerOf(config) },
      fencing: fencings[0] ?? null,
      fencings,
      migrations: await openMigrationsTouching(tx, hostId),
      preflight: host.preflight ? { at: host.preflightAt, findings: host.preflight } : null,
    };
  });
}
