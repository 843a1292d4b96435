import type { HostEndpoint, HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import type { HostPowerConfig, PowerConfig, PowerDevice, PowerDriver } from "@/server/drivers/power/types";
import type { UpdateDriver } from "@/server/drivers/update/types";
import { DriverError } from "@/server/drivers/errors";
import type { Clock } from "@/server/platform/clock";
import { HostPower } from "./fence/host-power";

/** What names a host to a driver. */
export interface MachineAddress {
  readonly id: string;
  readonly uri: string;
  readonly managementAddress: string;
}

export interface MachinesOptions {
  readonly hypervisors: readonly HypervisorDriver[];
  readonly powers: readonly PowerDriver[];
  /** What updates hosts; a worker without it runs no update steps. */
  readonly updateSteps?: UpdateDriver;
  /** Client certificate and authority for tls:// hosts. */
  readonly tls?: HostEndpoint["tls"];
}

/** Every connection of this worker, one a host, kept open between calls. The loops know no concrete driver. */
export class Machines {
  private readonly open = new Map<string, { readonly uri: string; readonly host: HypervisorHost }>();

  constructor(private readonly options: MachinesOptions) {}

  endpoint(address: MachineAddress): HostEndpoint {
    const tls = address.uri.startsWith("tls://") ? this.options.tls : undefined;
    return { hostId: address.id, uri: address.uri, managementAddress: address.managementAddress, ...(tls ? { tls } : {}) };
  }

  host(address: MachineAddress): HypervisorHost {
    const known = this.open.get(address.id);
    if (known?.uri === address.uri) return known.host;
    if (known) void known.host.close();
    const kind = address.uri.startsWith("simulated://") ? "simulated" : "libvirt";
    const driver = this.options.hypervisors.find((candidate) => candidate.kind === kind);
    if (!driver) throw new DriverError("unsupported", `This worker has no ${kind} driver, so ${address.uri} cannot be reached from it.`, { uri: address.uri });
    const host = driver.connect(this.endpoint(address));
    this.open.set(address.id, { uri: address.uri, host });
    return host;
  }

  power(config: PowerConfig): PowerDevice {
    const driver = this.options.powers.find((candidate) => candidate.kind === config.kind);
    if (!driver) throw new DriverError("unsupported", `This worker has no power driver of the kind ${config.kind}.`, { kind: config.kind });
    return driver.connect(config);
  }

  /** Everything that switches a host: its controller, and its second device where it has one. */
  hostPower(config: HostPowerConfig, clock: Clock): HostPower {
    return new HostPower(this.power(config), config.second ? { role: config.second.role, device: this.power(config.second) } : null, clock);
  }

  updateSteps(): UpdateDriver {
    if (!this.options.updateSteps) throw new DriverError("unsupported", "This worker has nothing that updates hosts.");
    return this.options.updateSteps;
  }

  /** Ends connections to hosts that are no longer in the fleet. */
  forgetAllBut(hostIds: ReadonlySet<string>): void {
    for (const [hostId, { host }] of this.open) {
      if (hostIds.has(hostId)) continue;
      this.open.delete(hostId);
      void host.close();
    }
  }

  async close(): Promise<void> {
    const hosts = [...this.open.values()];
    this.open.clear();
    await Promise.all(hosts.map(({ host }) => host.close()));
  }
}
