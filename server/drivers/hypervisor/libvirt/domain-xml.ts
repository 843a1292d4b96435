import { posix } from "node:path";
import { DriverError } from "../../errors";
import type { DiskSpec, DomainSpec, NicSpec } from "../types";
import { filterOf } from "./address-filter";
import type { LibvirtDriverOptions } from "./options";
import { element, writeXml, type XmlElement } from "./xml-write";

/** Names Berth's own element inside a domain's metadata. */
export const METADATA_URI = "urn:berth:domain:1";

/** Step of live memory growth: the section size of x86 Linux, which a guest onlines as a whole. */
export const DIMM_STEP_MIB = 128;
/** Growth steps before the next boot; each costs nothing but an ACPI slot. */
const MAX_DIMM_SLOTS = 32;
/** Bandwidth control period of the whole domain, microseconds; the kernel's own default. */
const CPU_PERIOD_US = 100_000;
/** Least quota that libvirt takes, microseconds per period. */
const MIN_QUOTA_US = 1000;
/** How often the balloon driver reports the guest's own view of its memory, seconds. */
const BALLOON_STATS_SECONDS = 5;

/** What the driver must find out on the host before it can describe a domain there. */
export interface HostPlacement {
  /** Directory of each pool that the domain uses. */
  readonly poolPaths: ReadonlyMap<string, string>;
}

export function serialLogPath(directory: string, instanceId: string): string {
  return posix.join(directory, `${instanceId}.console.log`);
}

export function volumePath(poolPaths: ReadonlyMap<string, string>, pool: string, volume: string): string {
  const directory = poolPaths.get(pool);
  if (directory === undefined) throw new DriverError("not-found", `the host has no storage pool "${pool}"`, { pool });
  // A name is one path segment: anything else would reach files outside of the pool.
  if (volume === "" || volume === "." || volume === ".." || /[/\0]/.test(volume)) {
    throw new DriverError("invalid", `"${volume}" is not a volume name`, { pool, volume });
  }
  return posix.join(directory, volume);
}

function diskXml(disk: DiskSpec, placement: HostPlacement): XmlElement {
  return element("disk", { type: "file", device: "disk" },
    // cache=none: an acknowledged flush is on the storage, and a move needs no cache of the old host to be dropped.
    element("driver", { name: "qemu", type: disk.format, cache: "none", discard: "unmap" }),
    element("source", { file: volumePath(placement.poolPaths, disk.pool, disk.volume) }),
    element("target", { dev: disk.target, bus: "virtio" }),
    disk.readOnly ? element("readonly") : null,
  );
}

function nicXml(nic: NicSpec): XmlElement {
  return element("interface", { type: "bridge" },
    element("mac", { address: nic.macAddress }),
    element("source", { bridge: nic.bridge }),
    element("model", { type: "virtio" }),
    filterOf(nic),
  );
}

function bootXml(spec: DomainSpec, options: LibvirtDriverOptions): XmlElement {
  const type = element("type", { arch: "x86_64", machine: options.machine }, "hvm");
  if (spec.boot.kind === "kernel") {
    return element("os", {}, type, element("kernel", {}, spec.boot.kernelPath), element("initrd", {}, spec.boot.initrdPath), element("cmdline", {}, spec.boot.commandLine));
  }
  const boot = element("boot", { dev: "hd" });
  return spec.boot.firmware === "uefi" ? element("os", { firmware: "efi" }, type, boot) : element("os", {}, type, boot);
}

function cpuXml(spec: DomainSpec): XmlElement {
  const hotplug = spec.maxMemoryMiB > spec.memoryMiB;
  return element("cpu", { mode: "custom", match: "exact" },
    element("model", { fallback: "forbid" }, spec.cpu.model),
    // Memory can only be plugged into a NUMA cell; one cell with everything changes nothing for the guest.
    hotplug ? element("numa", {}, element("cell", { id: 0, cpus: spec.maxVcpus === 1 ? "0" : `0-${spec.maxVcpus - 1}`, memory: spec.memoryMiB, unit: "MiB" })) : null,
  );
}

function tuningXml(spec: DomainSpec, options: LibvirtDriverOptions): XmlElement | null {
  if (options.cpuTuning === "none") return null;
  const limit = spec.cpu.limitMillicores;
  return element("cputune", {},
    element("shares", {}, spec.cpu.shares),
    limit === null ? null : element("global_period", {}, CPU_PERIOD_US),
    limit === null ? null : element("global_quota", {}, Math.max(MIN_QUOTA_US, Math.round((limit * CPU_PERIOD_US) / 1000))),
  );
}

function serialXml(spec: DomainSpec, options: LibvirtDriverOptions): XmlElement {
  return element("serial", { type: "pty" },
    options.serialLogDirectory === null ? null : element("log", { file: serialLogPath(options.serialLogDirectory, spec.instanceId), append: "on" }),
    element("target", { port: 0 }),
  );
}

/** The whole definition of one domain. The same spec gives the same text. */
export function domainXml(spec: DomainSpec, placement: HostPlacement, options: LibvirtDriverOptions): string {
  if (spec.maxVcpus < spec.vcpus || spec.maxMemoryMiB < spec.memoryMiB) {
    throw new DriverError("invalid", `${spec.instanceId}: the hot-plug ceilings (${spec.maxVcpus} vCPU, ${spec.maxMemoryMiB} MiB) are below the size (${spec.vcpus} vCPU, ${spec.memoryMiB} MiB)`, { instanceId: spec.instanceId });
  }
  const growthMiB = spec.maxMemoryMiB - spec.memoryMiB;
  return writeXml(element("domain", { type: options.accelerator === "kvm" ? "kvm" : "qemu" },
    element("name", {}, spec.instanceId),
    element("uuid", {}, spec.uuid),
    element("title", {}, spec.title.replace(/\s+/g, " ")),
    element("metadata", {}, element("berth:instance", { "xmlns:berth": METADATA_URI, id: spec.instanceId, epoch: spec.epoch })),
    growthMiB > 0 ? element("maxMemory", { slots: Math.min(MAX_DIMM_SLOTS, Math.ceil(growthMiB / DIMM_STEP_MIB)), unit: "MiB" }, spec.maxMemoryMiB) : null,
    element("memory", { unit: "MiB" }, spec.memoryMiB),
    element("currentMemory", { unit: "MiB" }, spec.memoryMiB),
    element("vcpu", { placement: "static", current: spec.vcpus }, spec.maxVcpus),
    tuningXml(spec, options),
    bootXml(spec, options),
    element("features", {}, element("acpi"), element("apic")),
    cpuXml(spec),
    element("clock", { offset: "utc" }),
    // A guest that powers off stays off, and its definition keeps the reason; whether it starts again is decided elsewhere.
    element("on_poweroff", {}, "destroy"),
    element("on_reboot", {}, "restart"),
    element("on_crash", {}, "destroy"),
    element("devices", {},
      ...spec.disks.map((disk) => diskXml(disk, placement)),
      ...spec.nics.map((nic) => nicXml(nic)),
      serialXml(spec, options),
      element("channel", { type: "unix" }, element("target", { type: "virtio", name: "org.qemu.guest_agent.0" })),
      element("input", { type: "tablet", bus: "usb" }),
      // No address here: each host listens where its own vnc_listen says, so the definition fits every host of a move.
      element("graphics", { type: "vnc", port: -1, autoport: "yes" }, element("listen", { type: "address" })),
      // VGA for firmware and old kernels; one that knows virtio follows the size of the viewer's window.
      element("video", {}, element("model", { type: "virtio", primary: "yes" })),
      element("rng", { model: "virtio" }, element("backend", { model: "random" }, "/dev/urandom")),
      // A guest whose watchdog is not fed stands still until it is decided, within a limit, that it is restarted.
      element("watchdog", { model: "i6300esb", action: "pause" }),
      element("memballoon", { model: "virtio" }, element("stats", { period: BALLOON_STATS_SECONDS })),
    ),
  ));
}

/** One memory module for live growth. */
export function dimmXml(sizeMiB: number): string {
  return writeXml(element("memory", { model: "dimm" }, element("target", {}, element("size", { unit: "MiB" }, sizeMiB), element("node", {}, 0))));
}
