import { DriverError } from "../../errors";
import type { CallOptions, DomainSpec, ResumeRequest } from "../types";
import { ensureFilters } from "./address-filter";
import { domainXml, volumePath, type HostPlacement } from "./domain-xml";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { describeDomain, findDomain, needDomain, needRunning, readEpoch, refuseStale } from "./lookup";
import { needPool, readPoolPath } from "./pools";
import { procedures } from "./rpc/procedures";
import type { DomainRef } from "./rpc/structures";
import { domainState } from "./states";

/** Starting QEMU takes under a second; a busy host with slow storage gets this long. */
const START_TIMEOUT_MS = 60_000;
/** libvirt asks the process to end and kills it after 15 s at the latest. */
const DESTROY_TIMEOUT_MS = 40_000;
/** An agent that does not answer holds libvirt for 5 s before it falls back to the power button. */
const GUEST_TIMEOUT_MS = 15_000;
/** A saved memory image would bring an old guest back over a disk that has moved on. */
const START_FORCE_BOOT = 8;
/** Undefine also drops: saved memory 1, snapshot records 2, firmware variables 4, checkpoint records 16. */
const UNDEFINE_BASIC = 1 | 2;
const UNDEFINE_ALL = UNDEFINE_BASIC | 4 | 16;

async function poolPathsOf(link: HostLink, spec: DomainSpec, options?: CallOptions): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(spec.disks.map((disk) => disk.pool))];
  return new Map(await Promise.all(names.map(async (name) => [name, await readPoolPath(link, await needPool(link, name, options), options)] as const)));
}

export async function placementOf(link: HostLink, spec: DomainSpec, options?: CallOptions): Promise<HostPlacement> {
  await ensureFilters((procedure, args) => link.call(procedure, args, options), link.endpoint.uri, spec.nics);
  return { poolPaths: await poolPathsOf(link, spec, options) };
}

/** True when the running domain is the one that is wanted; throws when it is another. */
export async function isAlreadyRunning(link: HostLink, dom: DomainRef, spec: DomainSpec, options?: CallOptions): Promise<boolean> {
  const found = await refuseStale(link, dom, spec.epoch, "starting", options);
  if (dom.id < 0) return false;
  if (found === spec.epoch) {
    if (await hasDisksOf(link, dom, spec, options)) return true;
    throw new DriverError("already-exists", `"${spec.instanceId}" runs on ${link.endpoint.uri} with epoch ${spec.epoch} and other disks than those asked for: an earlier start took effect late; stop it before you start it again`, { instanceId: spec.instanceId, epoch: spec.epoch });
  }
  throw new DriverError("already-exists", `"${spec.instanceId}" runs on ${link.endpoint.uri} with the older epoch ${found ?? "of nobody"}; stop it before you start epoch ${spec.epoch}`, { instanceId: spec.instanceId, epoch: spec.epoch, found });
}

/** Whether the running process stands on the disks that are asked for; the definition may be a newer one. */
async function hasDisksOf(link: HostLink, dom: DomainRef, spec: DomainSpec, options?: CallOptions): Promise<boolean> {
  const paths = await poolPathsOf(link, spec, options);
  const wanted = spec.disks.map((disk) => `${disk.target}=${volumePath(paths, disk.pool, disk.volume)}`);
  const running = (await describeDomain(link, dom, options)).at("devices").all("disk").map((disk) => `${disk.at("target").attribute("dev") ?? ""}=${disk.at("source").attribute("file") ?? ""}`);
  return wanted.toSorted().join("\n") === running.toSorted().join("\n");
}

export async function startDomain(link: HostLink, spec: DomainSpec, options?: CallOptions): Promise<void> {
  const before = await findDomain(link, spec.instanceId, options);
  if (before !== null && (await isAlreadyRunning(link, before, spec, options))) return;
  const xml = domainXml(spec, await placementOf(link, spec, options), link.options);
  const { dom } = await link.call(procedures.domainDefineXml, { xml, flags: 0 }, options);
  try {
    await link.heavyCall(procedures.domainCreateWithFlags, { dom, flags: START_FORCE_BOOT }, START_TIMEOUT_MS, options);
  } catch (error) {
    if (error instanceof DriverError && error.outcomeUnknown) throw error;
    const now = await findDomain(link, spec.instanceId, options);
    // Somebody else was faster between our look and our start: the same rules again.
    if (now !== null && now.id >= 0 && (await isAlreadyRunning(link, now, spec, options))) return;
    // What never ran here must not stay behind as if this host had it.
    if (before === null && now !== null && now.id < 0) await undefine(link, now, options);
    throw error;
  }
}

export async function stopDomain(link: HostLink, instanceId: string, mode: "shutdown" | "destroy", options?: CallOptions): Promise<void> {
  const dom = await needDomain(link, instanceId, options);
  if (dom.id < 0) return;
  try {
    if (mode === "destroy") await link.heavyCall(procedures.domainDestroyFlags, { dom, flags: 0 }, DESTROY_TIMEOUT_MS, options);
    else await link.heavyCall(procedures.domainShutdown, { dom, flags: 0 }, GUEST_TIMEOUT_MS, options);
  } catch (error) {
    // It went off by itself between the look and the order.
    const now = isLibvirtError(error, LIBVIRT_ERROR.operationInvalid) ? await findDomain(link, instanceId, options) : dom;
    if (now !== null && now.id >= 0) throw error;
  }
}

export async function rebootDomain(link: HostLink, instanceId: string, mode: "guest" | "reset", options?: CallOptions): Promise<void> {
  const dom = await needRunning(link, instanceId, "a reboot", options);
  if (mode === "reset") await link.call(procedures.domainReset, { dom, flags: 0 }, options);
  else await link.heavyCall(procedures.domainReboot, { dom, flags: 0 }, GUEST_TIMEOUT_MS, options);
}

export async function resumeDomain(link: HostLink, { instanceId, epoch }: ResumeRequest, options?: CallOptions): Promise<void> {
  const dom = await needRunning(link, instanceId, "going on after a pause", options);
  await refuseStale(link, dom, epoch, "resuming", options);
  const { state, reason } = await link.call(procedures.domainGetState, { dom, flags: 0 }, options);
  const now = domainState(state, reason);
  if (now.state === "running") return;
  // A guest whose watchdog bit, or that is moving, was paused for a purpose: its end is decided elsewhere.
  if (now.state !== "paused" || now.reason !== "io-error") {
    throw new DriverError("invalid", `"${instanceId}" on ${link.endpoint.uri} cannot go on: it is ${now.state} (${now.reason}), and only what a full storage paused goes on by this`, { instanceId, state: now.state, reason: now.reason });
  }
  await link.call(procedures.domainResume, { dom }, options);
}

export async function undefine(link: HostLink, dom: DomainRef, options?: CallOptions, flags = UNDEFINE_ALL): Promise<void> {
  try {
    await link.call(procedures.domainUndefine, { dom, flags }, options);
  } catch (error) {
    // A hypervisor without firmware variables and checkpoints refuses to be asked about them.
    if (flags === UNDEFINE_ALL && isLibvirtError(error, LIBVIRT_ERROR.invalidArgument)) return undefine(link, dom, options, UNDEFINE_BASIC);
    if (!isLibvirtError(error, LIBVIRT_ERROR.noDomain)) throw error;
  }
}

export async function removeDomain(link: HostLink, instanceId: string, options?: CallOptions): Promise<boolean> {
  const dom = await findDomain(link, instanceId, options);
  if (dom === null) return false;
  if (dom.id >= 0) throw new DriverError("invalid", `"${instanceId}" runs on ${link.endpoint.uri}; stop it before you remove it`, { instanceId, epoch: await readEpoch(link, dom, options) });
  await undefine(link, dom, options);
  return true;
}
