import { DriverError } from "../../errors";
import type { CallOptions, DomainSpec } from "../types";
import { ensureAddressFilter } from "./address-filter";
import { domainXml, type HostPlacement } from "./domain-xml";
import { isLibvirtError, LIBVIRT_ERROR } from "./errors";
import type { HostLink } from "./link";
import { findDomain, needDomain, needRunning, readEpoch, refuseStale } from "./lookup";
import { needPool, readPoolPath } from "./pools";
import { procedures } from "./rpc/procedures";
import type { DomainRef } from "./rpc/structures";

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

export async function placementOf(link: HostLink, spec: DomainSpec, options?: CallOptions): Promise<HostPlacement> {
  const names = [...new Set(spec.disks.map((disk) => disk.pool))];
  const paths = names.map(async (name) => [name, await readPoolPath(link, await needPool(link, name, options), options)] as const);
  if (spec.nics.some((nic) => nic.ipAddress !== null)) await ensureAddressFilter((procedure, args) => link.call(procedure, args, options), link.endpoint.uri);
  return { poolPaths: new Map(await Promise.all(paths)) };
}

/** True when the running domain is the one that is wanted; throws when it is another. */
export async function isAlreadyRunning(link: HostLink, dom: DomainRef, spec: DomainSpec, options?: CallOptions): Promise<boolean> {
  const found = await refuseStale(link, dom, spec.epoch, "starting", options);
  if (dom.id < 0) return false;
  if (found === spec.epoch) return true;
  throw new DriverError("already-exists", `"${spec.instanceId}" runs on ${link.endpoint.uri} with the older epoch ${found ?? "of nobody"}; stop it before you start epoch ${spec.epoch}`, { instanceId: spec.instanceId, epoch: spec.epoch, found });
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
