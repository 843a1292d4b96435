import path from "node:path";
import type { HostCapacity, LabHost, LabOptions } from "./types";

/** Enough for two dozen micro guests in all; small enough that a demo can fill a host with four of them. */
const defaultCapacity: HostCapacity = { vcpus: 4, memoryMiB: 1536 };

/** IPMI 1.5 and 2.0 allow at most 16 and 20 bytes; the simulator takes 16. */
const bmcUsername = "berth";

/** The pool as every host sees it: one path everywhere, so that disk locks and migrations agree on names. */
export const poolName = "berth";
export const poolPathOnHost = "/var/lib/libvirt/berth";
export const lockPathOnHost = "/var/lib/libvirt/berth-locks";
export const bridgeName = "br0";

/** Every name, address and path of a lab; computed, never looked up. */
export interface Layout {
  readonly options: LabOptions;
  readonly hostNames: readonly string[];
  readonly hub: string;
  /** Interface of the machine itself in the lab's network. */
  readonly machineInterface: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly sharedPool: string;
  readonly sharedLocks: string;
  /** What libvirt has found out about the machine's QEMU; equal for all hosts, and a second of work for each without it. */
  readonly sharedCache: string;
  readonly journal: string;
  namespace(host: string): string;
  /** Interface of a host's cable on the hub's side. */
  port(host: string): string;
  address(host: string): string;
  hostDirectory(host: string): string;
  host(host: string): LabHost;
}

export function layoutOf(options: LabOptions, bmcPassword: () => string): Layout {
  checkOptions(options);
  const subnet = `10.77.${options.subnetIndex}`;
  const gateway = `${subnet}.254`;
  const hostNames = Array.from({ length: options.hostCount }, (_, index) => `h${index + 1}`);
  const numberOf = (host: string): number => {
    const index = hostNames.indexOf(host);
    if (index < 0) throw new Error(`The lab "${options.name}" has no host "${host}". It has ${hostNames.join(", ")}.`);
    return index + 1;
  };
  const address = (host: string) => `${subnet}.${10 + numberOf(host)}`;
  return {
    options,
    hostNames,
    hub: `berth-${options.name}-hub`,
    machineInterface: `berth${options.subnetIndex}`,
    subnet,
    gateway,
    sharedPool: path.join(options.directory, "shared", "pool"),
    sharedLocks: path.join(options.directory, "shared", "locks"),
    sharedCache: path.join(options.directory, "cache"),
    journal: path.join(options.directory, "qemu-runs.jsonl"),
    namespace: (host) => `berth-${options.name}-${hostNames[numberOf(host) - 1]}`,
    port: (host) => `p-h${numberOf(host)}`,
    address,
    hostDirectory: (host) => path.join(options.directory, "hosts", `h${numberOf(host)}`),
    host: (host) => ({
      name: host,
      managementAddress: address(host),
      uri: `tcp://${address(host)}:16509`,
      // The management controllers hang on the machine's side: they answer while their host is off or cut off.
      bmc: { address: gateway, port: 9000 + numberOf(host), username: bmcUsername, password: bmcPassword() },
      pool: { name: poolName, path: poolPathOnHost },
      bridge: bridgeName,
      capacity: options.capacity ?? defaultCapacity,
    }),
  };
}

function checkOptions(options: LabOptions): void {
  if (!/^[a-z0-9][a-z0-9-]{0,11}$/.test(options.name)) throw new Error(`A lab's name is 1 to 12 of a-z, 0-9 and "-"; "${options.name}" is not.`);
  if (!Number.isInteger(options.hostCount) || options.hostCount < 1 || options.hostCount > 9) throw new Error(`A lab has 1 to 9 hosts; ${options.hostCount} were asked for.`);
  if (!Number.isInteger(options.subnetIndex) || options.subnetIndex < 0 || options.subnetIndex > 255) throw new Error(`A lab's subnet index is 0 to 255; ${options.subnetIndex} was given.`);
  if (!path.isAbsolute(options.directory)) throw new Error(`A lab's folder must be an absolute path; "${options.directory}" is not.`);
}
