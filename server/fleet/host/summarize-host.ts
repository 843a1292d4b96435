import type { Words } from "@/server/platform/sentences";
import type { ClusterRow, HostRow } from "../types";

export interface HostSummary {
  readonly id: string;
  readonly clusterId: string;
  readonly name: string;
  readonly state: HostRow["state"];
  readonly stateReason: string;
  readonly stateWords: readonly Words[] | null;
  readonly stateChangedAt: Date;
  readonly cordoned: boolean;
  readonly draining: boolean;
  readonly maintenance: boolean;
  readonly lastSeenAt: Date | null;
  readonly silentSince: Date | null;
  readonly clockSkewMs: number | null;
  readonly powerState: HostRow["powerState"];
  /** Marked by an operator: it may be crashed on purpose by a drill. */
  readonly drillable: boolean;
  readonly instances: number;
  readonly capacity: {
    readonly vcpus: { readonly physical: number; readonly sellable: number; readonly committed: number; readonly reservedMillicores: number };
    readonly memoryMiB: { readonly physical: number; readonly sellable: number; readonly committed: number; readonly reserved: number };
  };
}

export function summarizeHost(host: HostRow, cluster: Pick<ClusterRow, "cpuRatio" | "memoryRatio">, instances: number): HostSummary {
  const usable = host.memoryMiB - host.systemMemoryMiB;
  return {
    id: host.id,
    clusterId: host.clusterId,
    name: host.name,
    state: host.state,
    stateReason: host.stateReason,
    stateWords: host.stateWords,
    stateChangedAt: host.stateChangedAt,
    cordoned: host.cordoned,
    draining: host.drainRequestedAt !== null,
    maintenance: host.maintenance,
    lastSeenAt: host.lastSeenAt,
    silentSince: host.silentSince,
    clockSkewMs: host.clockSkewMs,
    powerState: host.powerState,
    drillable: host.drillable,
    instances,
    capacity: {
      vcpus: { physical: host.cores, sellable: Math.floor(host.cores * cluster.cpuRatio), committed: host.committedVcpus, reservedMillicores: host.reservedCpuMillicores },
      memoryMiB: { physical: usable, sellable: Math.floor(usable * cluster.memoryRatio), committed: host.committedMemoryMiB, reserved: host.reservedMemoryMiB },
    },
  };
}
