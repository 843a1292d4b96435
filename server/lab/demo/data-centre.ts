import type { HostEndpoint, HypervisorDriver } from "@/server/drivers/hypervisor/types";
import type { PowerConfig } from "@/server/drivers/power/types";

/** One host as it is enrolled. */
export interface DemoHost {
  readonly name: string;
  readonly uri: string;
  readonly managementAddress: string;
  readonly power: PowerConfig;
  /** Kept from guests, so that a small fleet can be full. */
  readonly systemMemoryMiB: number;
}

/** One stretch of a guest's process on one host, from a record that owes nothing to the control plane. */
export interface TrueRun {
  readonly instanceId: string;
  readonly host: string;
  readonly startedAtMs: number;
  /** Null while it runs. */
  readonly endedAtMs: number | null;
}

export interface DemoImage {
  readonly name: string;
  readonly description: string;
  readonly volume: string;
  readonly format: "qcow2" | "raw";
  readonly virtualSizeMiB: number;
  readonly minimumMemoryMiB?: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly boot: { readonly kind: "disk" } | { readonly kind: "kernel"; readonly kernelFile: string; readonly initrdFile: string; readonly commandLine: string };
}

/** The Debian desktop of `npm run lab -- image desktop`, as the demo's catalog calls it, and the size that it needs. */
export const REAL_DESKTOP = { image: "Debian desktop", flavor: "desktop-1" } as const;

/** The hosts under the demo: real ones in namespaces, or the simulated world. The hand of fate is here, not in the product. */
export interface DataCentre {
  readonly hypervisor: "libvirt" | "simulated";
  readonly driver: HypervisorDriver;
  readonly cpuModel: string;
  readonly pool: { readonly name: string; readonly path: string };
  readonly network: { readonly cidr: string; readonly gateway: string; readonly firstAddress: string; readonly lastAddress: string; readonly bridge: string };
  /** Variables that worker and gateway need to drive these hosts. */
  readonly processEnv: Readonly<Record<string, string>>;
  /** Starts or adopts it; says in one line what it found. */
  up(): Promise<string>;
  down(): Promise<void>;
  hosts(): readonly DemoHost[];
  images(): Promise<readonly DemoImage[]>;
  crash(host: string): Promise<void>;
  wake(host: string): Promise<void>;
  runs(): Promise<readonly TrueRun[]>;
  /** Names of guests that run now, volumes on the storage, by ground truth. */
  remains(): Promise<{ readonly guests: readonly string[]; readonly volumes: readonly string[] }>;
  /** Pings a guest every 10 ms; null where guests have no network to ping. */
  ping(address: string): { stop(): Promise<{ readonly replies: number; readonly longestGapMs: number | null }> } | null;
}

/** The endpoint that the story itself uses to look inside a guest. */
export function endpointOf(host: DemoHost): HostEndpoint {
  return { hostId: host.name, uri: host.uri, managementAddress: host.managementAddress };
}
