import { sentence, type Sentence } from "@/server/platform/sentences";
import type { DomainSpec, ResizeRequest, ResizeResult, ResumeRequest } from "../types";
import { DriverError } from "../../errors";
import { account } from "./accounting";
import { takeLocks } from "./locks";
import { beginProcess, continueProcess, defineDomain, endProcess, guestIsUp } from "./process";
import type { WorldState } from "./state";
import { checkEpoch, domainNamed, emit, hostNamed, pause, runningDomain } from "./state";
import type { DomainRecord, HostRecord } from "./types";
import { checkDisks, volumeNamed, poolOf } from "./volumes";

/** Physical memory may be promised this often before a start is refused: ballooning, page sharing, swap. */
const MEMORY_PROMISE_RATIO = 2;

export async function startDomain(state: WorldState, host: HostRecord, spec: DomainSpec): Promise<void> {
  const present = host.domains.get(spec.instanceId);
  if (present && isAlreadyRunning(host, present, spec, "A start")) return;
  checkSpec(state, host, spec);
  checkDisks(state, host, spec);
  takeLocks(state, host, spec, (present?.life ?? 0) + 1);
  account(state, host);
  const domain = defineDomain(state, host, spec);
  beginProcess(state, host, domain);
  await pause(state, state.timings.startMs);
}

/** True when its process is the one that is wanted; throws when it is another one: older, or on other disks. */
export function isAlreadyRunning(host: HostRecord, present: DomainRecord, spec: DomainSpec, attempted: string): boolean {
  checkEpoch(present, spec.epoch, attempted, host.name);
  if (present.process === "none") return false;
  const isOlder = present.epoch !== spec.epoch || present.process === "incoming";
  if (!isOlder && disksOf(present.spec) === disksOf(spec)) return true;
  throw new DriverError(
    "already-exists",
    `${spec.instanceId} is on ${host.name} already with epoch ${present.epoch} (${present.process}), ${isOlder ? `older than the asked ${spec.epoch}` : "on other disks than those asked for"}. Stop it there first.`,
    { host: host.name, present: present.epoch, asked: spec.epoch },
  );
}

function disksOf(spec: DomainSpec): string {
  return spec.disks.map((disk) => `${disk.target}=${disk.pool}/${disk.volume}`).join(" ");
}

/** Throws what a real host would throw at a definition that it cannot run. */
export function checkSpec(state: WorldState, host: HostRecord, spec: DomainSpec): void {
  if (spec.vcpus < 1 || spec.maxVcpus < spec.vcpus || spec.memoryMiB < 1 || spec.maxMemoryMiB < spec.memoryMiB) {
    throw new DriverError(
      "invalid",
      `${spec.instanceId} cannot have ${spec.vcpus} of ${spec.maxVcpus} vCPUs and ${spec.memoryMiB} of ${spec.maxMemoryMiB} MiB: each must be at least one and at most its ceiling.`,
    );
  }
  if (!host.options.usableCpuModels.includes(spec.cpu.model)) {
    throw new DriverError("unsupported", `${host.name} cannot offer the CPU model ${spec.cpu.model}; it offers ${host.options.usableCpuModels.join(", ")}.`, { host: host.name });
  }
  requireMemory(host, spec.instanceId, spec.memoryMiB);
}

/** Throws `insufficient` when the host cannot promise that much more. */
export function requireMemory(host: HostRecord, instanceId: string, memoryMiB: number): void {
  let promised = 0;
  for (const domain of host.domains.values()) {
    if (domain.process !== "none" && domain.spec.instanceId !== instanceId) promised += domain.memoryMiB;
  }
  const limit = host.options.memoryMiB * MEMORY_PROMISE_RATIO;
  if (promised + memoryMiB <= limit) return;
  throw new DriverError("insufficient", `${host.name} cannot take ${memoryMiB} MiB for ${instanceId}: ${promised} of at most ${limit} MiB are promised.`, { host: host.name });
}

export async function stopDomain(state: WorldState, host: HostRecord, instanceId: string, mode: "shutdown" | "destroy"): Promise<void> {
  const domain = domainNamed(host, instanceId);
  if (domain.process === "none") return;
  if (mode === "destroy") {
    endProcess(state, host, domain, { state: "stopped", reason: "destroyed", orderly: false });
    await pause(state, state.timings.destroyMs);
    return;
  }
  askShutdown(state, host, domain);
}

/** A guest that has not booted, or that does not care, lets the request pass. */
export function askShutdown(state: WorldState, host: HostRecord, domain: DomainRecord): void {
  if (domain.shutdownAsked || domain.profile.ignoresShutdown || !guestIsUp(state, domain)) return;
  domain.shutdownAsked = true;
  const life = domain.life;
  later(state, state.timings.guestShutdownMs, () => {
    if (domain.life !== life || domain.process !== "executing") return;
    endProcess(state, host, domain, { state: "stopped", reason: "guest-shutdown", orderly: true });
  });
}

export async function rebootDomain(state: WorldState, host: HostRecord, instanceId: string, mode: "guest" | "reset"): Promise<void> {
  const domain = runningDomain(host, instanceId, "A reboot");
  if (mode === "guest") {
    if (domain.profile.ignoresShutdown || !guestIsUp(state, domain)) return;
    const life = domain.life;
    later(state, state.timings.guestShutdownMs, () => {
      if (domain.life === life && domain.process === "executing") bootAgain(state, host, domain);
    });
    return;
  }
  bootAgain(state, host, domain);
}

function bootAgain(state: WorldState, host: HostRecord, domain: DomainRecord): void {
  account(state, host);
  if (domain.process === "paused") domain.process = "executing";
  domain.state = "running";
  domain.reason = "started";
  domain.bootedAtMs = domain.bootedAtMs === null ? null : state.clock.nowMs() + state.timings.guestBootMs;
  domain.guest.cache.clear();
  domain.guest.screenLines = [];
  for (const reader of domain.guest.serial) reader("\r\n[    0.000000] reboot\r\n");
}

export function resumeDomain(state: WorldState, host: HostRecord, { instanceId, epoch }: ResumeRequest): void {
  const domain = runningDomain(host, instanceId, "Going on after a pause");
  checkEpoch(domain, epoch, "Going on after a pause", host.name);
  if (domain.process === "executing") return;
  if (domain.process !== "paused" || domain.reason !== "io-error") {
    throw new DriverError("invalid", `${instanceId} on ${host.name} cannot go on: it is ${domain.state} (${domain.reason}), and only what a full storage paused goes on by this.`, { host: host.name });
  }
  continueProcess(state, host, domain);
}

export function removeDomain(state: WorldState, host: HostRecord, instanceId: string): boolean {
  const domain = host.domains.get(instanceId);
  if (!domain) return false;
  if (domain.process !== "none") {
    throw new DriverError("invalid", `${instanceId} runs on ${host.name}; its definition can be removed only after it was stopped.`, { host: host.name });
  }
  host.domains.delete(instanceId);
  emit(state, host, { instanceId, kind: "undefined", reason: "unknown" });
  return true;
}

export function resizeDomain(host: HostRecord, state: WorldState, request: ResizeRequest): ResizeResult {
  const domain = domainNamed(host, request.instanceId);
  checkEpoch(domain, request.epoch, "A resize", host.name);
  const vcpus = request.vcpus ?? domain.vcpus;
  const memoryMiB = request.memoryMiB ?? domain.memoryMiB;
  if (vcpus < 1 || memoryMiB < 1) throw new DriverError("invalid", `${request.instanceId} needs at least one vCPU and 1 MiB.`);
  const reason = whyNotLive(state, domain, vcpus, memoryMiB);
  if (reason === null) {
    requireMemory(host, request.instanceId, memoryMiB);
    account(state, host);
    domain.vcpus = vcpus;
    domain.memoryMiB = memoryMiB;
  }
  domain.epoch = request.epoch;
  domain.spec = {
    ...domain.spec,
    epoch: request.epoch,
    vcpus,
    memoryMiB,
    maxVcpus: Math.max(domain.spec.maxVcpus, vcpus),
    maxMemoryMiB: Math.max(domain.spec.maxMemoryMiB, memoryMiB),
  };
  return reason === null ? { applied: "live", reason: null } : { applied: "at-next-boot", reason: reason.text, words: reason.words };
}

function whyNotLive(state: WorldState, domain: DomainRecord, vcpus: number, memoryMiB: number): Sentence | null {
  if (domain.process === "none") return sentence("boot-is-off");
  if (vcpus > domain.spec.maxVcpus) return sentence("boot-more-vcpus", { maxVcpus: domain.spec.maxVcpus });
  if (memoryMiB > domain.spec.maxMemoryMiB) return sentence("boot-more-memory", { maxMiB: domain.spec.maxMemoryMiB });
  if (vcpus < domain.vcpus) return sentence("boot-fewer-vcpus");
  if (!guestIsUp(state, domain)) return sentence("boot-guest-not-up");
  return null;
}

export function growDisk(state: WorldState, host: HostRecord, instanceId: string, target: string, capacityMiB: number): void {
  const domain = runningDomain(host, instanceId, "Growing a disk live");
  const disk = domain.spec.disks.find((entry) => entry.target === target);
  if (!disk) throw new DriverError("not-found", `${instanceId} has no disk ${target}; it has ${domain.spec.disks.map((entry) => entry.target).join(", ") || "none"}.`);
  const volume = volumeNamed(poolOf(state, host, disk.pool), disk.volume, host);
  if (capacityMiB < volume.capacityMiB) {
    throw new DriverError("invalid", `The disk ${target} of ${instanceId} has ${volume.capacityMiB} MiB and cannot shrink to ${capacityMiB} MiB.`);
  }
  volume.capacityMiB = capacityMiB;
}

/** A timer, or at once when the duration is zero. */
export function later(state: WorldState, afterMs: number, fn: () => void): void {
  if (afterMs <= 0) fn();
  else state.clock.schedule(afterMs, fn);
}

/** The guest's kernel died: QEMU sees a panic and, as Berth configures it, ends. */
export function crashGuest(state: WorldState, hostName: string, instanceId: string): void {
  const host = hostNamed(state, hostName);
  const domain = runningDomain(host, instanceId, "A guest crash");
  endProcess(state, host, domain, { state: "crashed", reason: "crashed", orderly: false });
}
