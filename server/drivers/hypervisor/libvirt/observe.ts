import { DriverError } from "../../errors";
import type { CallOptions, DomainObservation, HostObservation } from "../types";
import type { HostLink } from "./link";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import { readEpoch } from "./lookup";
import { procedures } from "./rpc/procedures";
import { bigintOf, type DomainRef, numberOf, type ParameterMap, toParameterMap } from "./rpc/structures";
import { domainState } from "./states";

// Groups of the bulk call: state 1, cpu 2, balloon 4, vcpu 8, interface 16, block 32.
const STATS_GROUPS = 63;
/** Leaves out what a busy domain cannot say at once, instead of waiting for it. */
const STATS_NOWAIT = 1 << 29;
const KIB_PER_MIB = 1024;

/** Sums `prefix.N.suffix` over the `prefix.count` members. */
function sum(parameters: ParameterMap, prefix: string, count: number, suffix: string): bigint {
  let total = 0n;
  for (let i = 0; i < count; i += 1) total += bigintOf(parameters, `${prefix}.${i}.${suffix}`) ?? 0n;
  return total;
}

const toMiB = (kib: number | null): number | null => (kib === null ? null : Math.round(kib / KIB_PER_MIB));

export function formatUuid(uuid: Buffer): string {
  return uuid.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function toObservation(dom: DomainRef, parameters: ParameterMap, epoch: number | null): DomainObservation {
  const blocks = numberOf(parameters, "block.count") ?? 0;
  const nics = numberOf(parameters, "net.count") ?? 0;
  const vcpuSlots = numberOf(parameters, "vcpu.maximum") ?? 0;
  return {
    instanceId: dom.name,
    uuid: formatUuid(dom.uuid),
    ...domainState(numberOf(parameters, "state.state") ?? 0, numberOf(parameters, "state.reason") ?? 0),
    epoch,
    vcpus: numberOf(parameters, "vcpu.current") ?? 0,
    memoryMiB: toMiB(numberOf(parameters, "balloon.current")) ?? 0,
    // For a domain without a process libvirt reads a control group that is not its own.
    cpuTimeNs: dom.id < 0 ? 0n : (bigintOf(parameters, "cpu.time") ?? 0n),
    cpuDelayNs: sum(parameters, "vcpu", vcpuSlots, "delay"),
    balloonUnusedMiB: toMiB(numberOf(parameters, "balloon.unused")),
    residentMiB: toMiB(numberOf(parameters, "balloon.rss")),
    diskReadBytes: sum(parameters, "block", blocks, "rd.bytes"),
    diskWrittenBytes: sum(parameters, "block", blocks, "wr.bytes"),
    netReceivedBytes: sum(parameters, "net", nics, "rx.bytes"),
    netSentBytes: sum(parameters, "net", nics, "tx.bytes"),
  };
}

/**
 * Reads all domains in one bulk call. The epoch is not in it; it changes only with the definition or the process, so
 * it is read once a domain and forgotten when an event names the domain or the connection is lost.
 */
export class Observer {
  private readonly epochs = new Map<string, number | null>();
  private flags = STATS_NOWAIT;

  constructor(private readonly link: HostLink) {
    link.onChange((uuid) => {
      if (uuid === null) this.epochs.clear();
      else for (const key of this.epochs.keys()) if (key.startsWith(uuid)) this.epochs.delete(key);
    });
  }

  async observe(options?: CallOptions): Promise<HostObservation> {
    const records = await this.readStatsTwice(options);
    const domains = await Promise.all(records.map(async ({ dom, params }) => toObservation(dom, toParameterMap(params), await this.epochOf(dom, options))));
    const alive = new Set(records.map(({ dom }) => keyOf(dom)));
    for (const key of this.epochs.keys()) if (!alive.has(key)) this.epochs.delete(key);
    // libvirt has no call that tells the host's wall clock.
    return { hostTimeMs: null, domains };
  }

  /**
   * The first question to a domain whose QEMU hangs waits for ever; from then on libvirtd knows it as busy and skips it. So
   * half of the bound is for the first try, and a hung guest does not make its host look silent.
   */
  private async readStatsTwice(options?: CallOptions): ReturnType<Observer["readStats"]> {
    const halfMs = (options?.timeoutMs ?? this.link.options.callTimeoutMs) / 2;
    try {
      return await this.readStats({ ...options, timeoutMs: halfMs });
    } catch (error) {
      if (!(error instanceof DriverError) || error.code !== "timeout" || options?.signal?.aborted === true) throw error;
      return this.readStats({ ...options, timeoutMs: halfMs });
    }
  }

  private async readStats(options?: CallOptions): Promise<readonly { dom: DomainRef; params: Parameters<typeof toParameterMap>[0] }[]> {
    try {
      return (await this.link.controlCall(procedures.allDomainStats, { doms: [], stats: STATS_GROUPS, flags: this.flags }, options)).records;
    } catch (error) {
      if (this.flags === 0 || !isLibvirtError(error, LIBVIRT_ERROR.invalidArgument, LIBVIRT_ERROR.argumentUnsupported)) throw error;
      // An older libvirtd does not know how not to wait.
      this.flags = 0;
      return this.readStats(options);
    }
  }

  private async epochOf(dom: DomainRef, options?: CallOptions): Promise<number | null> {
    const key = keyOf(dom);
    const known = this.epochs.get(key);
    if (known !== undefined) return known;
    try {
      const epoch = await readEpoch(this.link, dom, options, "controlCall");
      this.epochs.set(key, epoch);
      return epoch;
    } catch (error) {
      // It went away between the two calls; the next observation will not have it.
      if (isLibvirtError(error, LIBVIRT_ERROR.noDomain)) return null;
      throw error;
    }
  }
}

/** The number of the process changes with every start, so a new process is a new key. */
const keyOf = (dom: DomainRef): string => `${dom.uuid.toString("hex")}:${dom.id}`;
