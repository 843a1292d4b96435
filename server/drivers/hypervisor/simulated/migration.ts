import type { MigrateRequest, MigrationProgress, MigrationResult } from "../types";
import type { DriverErrorCode } from "../../errors";
import { DriverError } from "../../errors";
import { account, dirtyRateNow } from "./accounting";
import { parseSimulatedAddress } from "./address";
import { requireMemory } from "./domains";
import { moveLocks, poolKey } from "./locks";
import { linkKey } from "./machine";
import { planPrecopy } from "./precopy";
import { defineDomain, endProcess } from "./process";
import { closeRun, openRun } from "./runs";
import type { WorldState } from "./state";
import { checkEpoch, emit, hostNamed, runningDomain } from "./state";
import type { DomainRecord, HostRecord, MigrationRecord } from "./types";

const MIB = 1_048_576;
/** After the switch of a post-copy migration the pages still missing are fetched at this part of the link. */
const POSTCOPY_EFFICIENCY = 0.7;

export interface Migration extends Omit<MigrateRequest, "to" | "onProgress"> {
  readonly toUri: string;
}

/** Moves a running domain; both hosts, the link, and the guest's own writing decide how it goes. */
export async function migrateDomain(
  state: WorldState,
  source: HostRecord,
  request: Migration,
  onProgress: (progress: MigrationProgress) => void,
): Promise<MigrationResult> {
  const domain = runningDomain(source, request.instanceId, "A migration");
  checkEpoch(domain, request.epoch, "A migration", source.name);
  const target = checkTarget(state, source, domain, request);
  const incoming = openIncoming(state, source, target, domain, request);
  const startedMs = state.clock.nowMs();
  const bandwidthMiBs = Math.min(request.bandwidthMiBs > 0 ? request.bandwidthMiBs : Number.POSITIVE_INFINITY, source.options.migrationMiBs, target.options.migrationMiBs);
  const touchedMiB = domain.memoryMiB * domain.profile.touchedFraction;
  const wait = stepper(state, domain.migration, request.instanceId, source.name);
  try {
    await wait(state.timings.migrationSetupMs);
    if (state.faults.migrationAbort > 0 && state.chance.next() < state.faults.migrationAbort) {
      domain.migration?.abort("the migration connection broke half-way", "failed");
    }
    if (request.mode === "postcopy") return await postcopy(state, { source, target, domain, incoming, startedMs, bandwidthMiBs, touchedMiB, wait });
    const plan = planPrecopy({
      touchedMiB,
      workingSetMiB: domain.memoryMiB * domain.profile.workingSetFraction,
      dirtyMiBs: dirtyRateNow(state, domain),
      bandwidthMiBs,
      maxDowntimeMs: request.maxDowntimeMs,
      switchMs: state.timings.migrationSwitchMs,
    });
    let transferredMiB = 0;
    let copiedAll = true;
    for (const round of plan.rounds) {
      if (state.clock.nowMs() - startedMs + round.durationMs > request.timeoutMs) {
        copiedAll = false;
        break;
      }
      await wait(round.durationMs);
      transferredMiB += round.copyMiB;
      onProgress({
        transferredBytes: Math.round(transferredMiB * MIB),
        remainingBytes: Math.round(round.leftMiB * MIB),
        dirtyPagesPerSecond: Math.round((dirtyRateNow(state, domain) * MIB) / 4096),
      });
    }
    const leftMs = request.timeoutMs - (state.clock.nowMs() - startedMs);
    if (!copiedAll || plan.downtimeMs > leftMs || (!plan.converges && state.nonConverging === "timeout")) {
      await wait(Math.max(0, leftMs));
      domain.migration?.abort(`it needs ${Math.round(plan.totalMs)} ms at ${Math.round(bandwidthMiBs)} MiB/s${plan.converges ? "" : ", because the guest writes memory faster than that"}, and may take ${request.timeoutMs} ms`, "timeout");
    }
    await wait(0);
    beginSwitch(state, source, domain);
    await wait(plan.downtimeMs);
    finishSwitch(state, source, target, domain, incoming);
    return { totalMs: Math.round(state.clock.nowMs() - startedMs), downtimeMs: Math.round(plan.downtimeMs), transferredBytes: plan.transferredBytes };
  } catch (error) {
    undo(state, source, target, domain, incoming);
    throw error;
  }
}

function checkTarget(state: WorldState, source: HostRecord, domain: DomainRecord, request: Migration): HostRecord {
  const address = parseSimulatedAddress(request.toUri);
  const target = hostNamed(state, address.hostName);
  const what = `${request.instanceId} cannot move from ${source.name} to ${target.name}`;
  if (target === source) throw new DriverError("invalid", `${what}: it is there already.`);
  if (domain.migration) throw new DriverError("already-exists", `${what}: it is moving to ${domain.migration.toHost} already.`);
  if (domain.process !== "executing") throw new DriverError("invalid", `${what}: it is ${domain.state} (${domain.reason}).`);
  if (target.phase !== "up" || target.partitioned || target.hung || source.partitioned) {
    throw new DriverError("failed", `${what}: ${source.name} cannot reach ${target.name}.`, { to: target.name });
  }
  if (state.cutLinks.has(linkKey(source.name, target.name))) {
    throw new DriverError("failed", `${what}: ${source.name} cannot reach ${target.name}, because the link between the two is cut.`, { to: target.name });
  }
  if (!target.options.usableCpuModels.includes(domain.spec.cpu.model)) {
    throw new DriverError("unsupported", `${what}: ${target.name} cannot offer the CPU model ${domain.spec.cpu.model}.`, { to: target.name });
  }
  for (const disk of domain.spec.disks) {
    if (poolKey(state, source, disk.pool) !== poolKey(state, target, disk.pool)) {
      throw new DriverError("unsupported", `${what}: the pool ${disk.pool} of its disk ${disk.target} is not shared between them.`, { to: target.name });
    }
  }
  const there = target.domains.get(request.instanceId);
  if (there && there.process !== "none") throw new DriverError("already-exists", `${what}: it runs on ${target.name} too.`, { to: target.name });
  requireMemory(target, request.instanceId, domain.memoryMiB);
  return target;
}

/** The waiting QEMU on the target: it holds memory there, and neither locks nor executes. */
function openIncoming(state: WorldState, source: HostRecord, target: HostRecord, domain: DomainRecord, request: Migration): DomainRecord {
  account(state, target);
  const incoming = defineDomain(state, target, { ...domain.spec, epoch: request.epoch });
  incoming.process = "incoming";
  incoming.state = "paused";
  incoming.reason = "migrating";
  incoming.vcpus = domain.vcpus;
  incoming.memoryMiB = domain.memoryMiB;
  const migration: MigrationRecord = {
    toHost: target.name,
    startedMs: state.clock.nowMs(),
    aborted: false,
    phase: "precopy",
    abort: () => undefined,
  };
  domain.migration = migration;
  incoming.guest.ends.add(() => migration.abort(`${target.name} lost the incoming side`, "failed"));
  return incoming;
}

type Wait = (ms: number) => Promise<void>;

/** Waits that end early, with an error, when the migration is aborted from outside. */
function stepper(state: WorldState, migration: MigrationRecord | null, instanceId: string, from: string): Wait {
  let failure: DriverError | null = null;
  let wake: (() => void) | null = null;
  if (migration) {
    migration.abort = (why: string, code: DriverErrorCode) => {
      if (migration.aborted) return;
      migration.aborted = true;
      failure = new DriverError(code, `The migration of ${instanceId} from ${from} to ${migration.toHost} stopped: ${why}. Look where it runs before anything else.`, { from, to: migration.toHost });
      wake?.();
    };
  }
  return async (ms) => {
    if (!failure && ms > 0) {
      await new Promise<void>((resolve) => {
        const cancel = state.clock.schedule(ms, resolve);
        wake = () => {
          cancel();
          resolve();
        };
      });
      wake = null;
    }
    if (failure) throw failure;
  };
}

function beginSwitch(state: WorldState, source: HostRecord, domain: DomainRecord): void {
  account(state, source);
  if (domain.migration) domain.migration.phase = "switching";
  domain.process = "paused";
  domain.state = "paused";
  closeRun(state, source.name, domain.spec.instanceId);
}

/** The target executes from this moment; the source's half is gone, with its definition. */
function finishSwitch(state: WorldState, source: HostRecord, target: HostRecord, domain: DomainRecord, incoming: DomainRecord): void {
  const ends = [...domain.guest.ends];
  takeOver(state, source, target, domain, incoming);
  domain.process = "none";
  domain.migration = null;
  source.domains.delete(domain.spec.instanceId);
  emit(state, source, { instanceId: domain.spec.instanceId, kind: "stopped", reason: "migrated-out" });
  for (const end of ends) end();
}

function takeOver(state: WorldState, source: HostRecord, target: HostRecord, domain: DomainRecord, incoming: DomainRecord): void {
  account(state, target);
  moveLocks(state, source, target, domain.spec, incoming.life);
  incoming.process = "executing";
  incoming.state = "running";
  incoming.reason = "migrated-in";
  incoming.startedMs = state.clock.nowMs();
  incoming.bootedAtMs = domain.bootedAtMs;
  incoming.profile = domain.profile;
  incoming.guest = { ...domain.guest, serial: new Set(), ends: new Set() };
  openRun(state, target.name, domain.spec.instanceId, "migration");
  emit(state, target, { instanceId: domain.spec.instanceId, kind: "migrated", reason: "migrated-in" });
}

interface Move {
  readonly source: HostRecord;
  readonly target: HostRecord;
  readonly domain: DomainRecord;
  readonly incoming: DomainRecord;
  readonly startedMs: number;
  readonly bandwidthMiBs: number;
  readonly touchedMiB: number;
  readonly wait: Wait;
}

/** One pass, then the target executes and fetches the rest; a loss of either host before the end loses the guest. */
async function postcopy(state: WorldState, move: Move): Promise<MigrationResult> {
  const { source, target, domain, incoming, startedMs, bandwidthMiBs, touchedMiB, wait } = move;
  const firstPassMs = (touchedMiB / bandwidthMiBs) * 1000;
  const dirtyMiB = Math.min(domain.memoryMiB * domain.profile.workingSetFraction, (dirtyRateNow(state, domain) * firstPassMs) / 1000);
  await wait(firstPassMs);
  beginSwitch(state, source, domain);
  const downtimeMs = state.timings.migrationSwitchMs;
  await wait(downtimeMs);
  const ends = [...domain.guest.ends];
  const migration = domain.migration;
  takeOver(state, source, target, domain, incoming);
  if (migration) migration.phase = "postcopy";
  const lost = (): void => migration?.abort(`${target.name} lost the guest before all of its memory had arrived`, "failed");
  incoming.guest.ends.add(lost);
  await wait((dirtyMiB / (bandwidthMiBs * POSTCOPY_EFFICIENCY)) * 1000);
  incoming.guest.ends.delete(lost);
  domain.process = "none";
  domain.migration = null;
  source.domains.delete(domain.spec.instanceId);
  for (const end of ends) end();
  return { totalMs: Math.round(state.clock.nowMs() - startedMs), downtimeMs: Math.round(downtimeMs), transferredBytes: Math.round((touchedMiB + dirtyMiB) * MIB) };
}

/** Before the switch the guest goes on at the source; after it (post-copy) it is lost on both sides. */
function undo(state: WorldState, source: HostRecord, target: HostRecord, domain: DomainRecord, incoming: DomainRecord): void {
  const phase = domain.migration?.phase ?? "precopy";
  const executesThere = incoming.process === "executing";
  domain.migration = null;
  if (executesThere) {
    // The target goes on saying "running" while its vCPUs wait for pages that will never come.
    account(state, target);
    incoming.process = "paused";
    incoming.bootedAtMs = null;
    closeRun(state, target.name, domain.spec.instanceId);
    if (domain.process !== "none") endProcess(state, source, domain, { state: "stopped", reason: "failed", orderly: false });
    return;
  }
  if (target.domains.get(domain.spec.instanceId) === incoming) {
    incoming.process = "none";
    target.domains.delete(domain.spec.instanceId);
  }
  if (phase === "switching" && domain.process === "paused") {
    account(state, source);
    domain.process = "executing";
    domain.state = "running";
    openRun(state, source.name, domain.spec.instanceId, "migration");
  }
}

export function abortMigration(source: HostRecord, instanceId: string): void {
  const migration = source.domains.get(instanceId)?.migration;
  if (!migration) throw new DriverError("not-found", `${instanceId} is not being migrated away from ${source.name}.`, { host: source.name });
  if (migration.phase === "postcopy") {
    throw new DriverError("refused", `${instanceId} executes on ${migration.toHost} already; the migration can only go forward.`, { host: source.name });
  }
  migration.abort("it was aborted on request", "failed");
}
