import { recordInstanceEvents, recordObservation, setPhase } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { DomainObservation } from "@/server/drivers/hypervisor/types";
import { failMigration, finishMigration, readFleet, readMoveChoice, type HostRow, type MigrationFigures, type MigrationRow } from "@/server/fleet";
import { sentence, type Said } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";

const OBSERVE_TIMEOUT_MS = 3_000;
/** Between two looks at a migration that still goes on. */
const LOOK_AGAIN_MS = 500;
/** A migration of nobody that goes on for longer than any of ours may is stopped. */
const ABANDONED_AFTER_MS = 420_000;

/** What one side says: a domain, nothing, silence, or that the host is known dead. */
export type Side = { readonly kind: "domain"; readonly domain: DomainObservation } | { readonly kind: "nothing" } | { readonly kind: "silent" } | { readonly kind: "dead" };

export type Verdict =
  /** It executes on the target (or was there when the target died). */
  | "moved"
  /** It executes at the source, or nowhere: its place stays the source's. */
  | "stayed"
  /** The target holds half of it that can never become whole. */
  | "discard-target"
  | "goes-on"
  | "unknown";

/**
 * Where a guest is after a migration about which nothing is known. Pure. Says "moved" or "stayed" only when both sides
 * spoke or are known dead.
 */
export function judge(source: Side, target: Side): Verdict {
  if (source.kind === "silent") return "unknown";
  if (source.kind === "domain") {
    const { state, reason } = source.domain;
    if (reason === "migrating") return "goes-on";
    // The source holds the guest until the switch; after it the definition there is gone or shut off.
    if (state === "running" || state === "shutting-down" || state === "suspended") return "stayed";
    if (state === "paused") return target.kind === "silent" ? "unknown" : target.kind === "domain" && target.domain.state === "running" ? "moved" : "stayed";
  }
  // The source is dead, or has it no more: what the target says decides.
  switch (target.kind) {
    case "silent":
      return "unknown";
    case "dead":
      // Not at the source and the target is dead: it had moved there, unless the source died with it.
      return source.kind === "dead" ? "stayed" : "moved";
    case "nothing":
      return "stayed";
    case "domain":
      if (target.domain.state === "running" && target.domain.reason !== "migrating") return "moved";
      return "discard-target";
  }
}

/** Asks both hosts and writes down what became of a migration; comes again while that cannot be known. */
export async function settleMigration(pass: Pass, move: MigrationRow, error: Said = sentence("move-worker-gone")): Promise<void> {
  const { context, machines } = pass;
  const fleet = await readFleet(context);
  const from = fleet.hosts.get(move.fromHostId);
  const to = fleet.hosts.get(move.toHostId);
  if (!from || !to) return;
  await stopOrphan(pass, from, move);
  const [source, target] = await Promise.all([ask(pass, from, move.instanceId), ask(pass, to, move.instanceId)]);
  const verdict = judge(source, target);
  context.logger.info({ instanceId: move.instanceId, from: from.name, to: to.name, source: source.kind, target: target.kind, verdict }, "settling a migration");
  switch (verdict) {
    case "moved":
      return concludeMoved(pass, move, { totalMs: move.startedAt ? context.clock.nowMs() - move.startedAt.getTime() : null, downtimeMs: null, transferredBytes: null });
    case "stayed":
      return concludeStayed(pass, move, error);
    case "discard-target":
      await discard(pass, to, move.instanceId);
      return concludeStayed(pass, move, error);
    case "goes-on": {
      const begunMs = move.startedAt?.getTime() ?? context.clock.nowMs();
      if (context.clock.nowMs() - begunMs > ABANDONED_AFTER_MS) await machines.host(from).abortMigration(move.instanceId);
      await context.clock.sleep(LOOK_AGAIN_MS, pass.signal).catch(() => undefined);
      return;
    }
    case "unknown":
      await context.clock.sleep(LOOK_AGAIN_MS, pass.signal).catch(() => undefined);
      return;
  }
}

/** Nobody listens to it any more: it is stopped at the source, so that where the guest is cannot change under our eyes. */
async function stopOrphan(pass: Pass, from: HostRow, move: MigrationRow): Promise<void> {
  if (from.state === "fenced") return;
  try {
    await pass.machines.host(from).abortMigration(move.instanceId, { timeoutMs: OBSERVE_TIMEOUT_MS });
  } catch (error) {
    // No such job, no such domain, or no answer: the look that follows tells.
    if (!(error instanceof DriverError)) throw error;
  }
}

async function ask(pass: Pass, row: HostRow, instanceId: string): Promise<Side> {
  if (row.state === "fenced") return { kind: "dead" };
  try {
    const { domains } = await pass.machines.host(row).observe({ timeoutMs: OBSERVE_TIMEOUT_MS });
    const domain = domains.find((candidate) => candidate.instanceId === instanceId && candidate.epoch !== null);
    return domain ? { kind: "domain", domain } : { kind: "nothing" };
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return { kind: "silent" };
  }
}

async function discard(pass: Pass, row: HostRow, instanceId: string): Promise<void> {
  const host = pass.machines.host(row);
  try {
    await host.stopDomain(instanceId, "destroy");
    await host.removeDomain(instanceId);
  } catch (error) {
    if (!(error instanceof DriverError && error.code === "not-found")) throw error;
  }
}

/** The guest executes on the target: allocation, observation and the decision's measure follow in one transaction. */
export async function concludeMoved(pass: Pass, move: MigrationRow, figures: MigrationFigures): Promise<void> {
  const { context } = pass;
  const epoch = (await readFleet(context)).allocations.get(move.instanceId)?.epoch ?? null;
  await inTransaction(context, async (tx) => {
    const done = await finishMigration(tx, context, move.id, figures);
    if (!done) return;
    await recordObservation(tx, context, [{ instanceId: move.instanceId, hostId: move.toHostId, state: "running", reason: "started", epoch, vcpus: null, memoryMiB: null, observedAt: context.clock.now() }]);
    await setPhase(tx, context, [move.instanceId], null);
    const { cause } = await readMoveChoice(tx, move.decisionId);
    await recordInstanceEvents(tx, context, [{ instanceId: move.instanceId, kind: "moved", detail: { totalMs: figures.totalMs, downtimeMs: figures.downtimeMs, ...(cause === null ? {} : { cause }) }, decisionId: move.decisionId }]);
  });
  pass.wake("evacuate-hosts");
  pass.wake("observe-hosts");
}

async function concludeStayed(pass: Pass, move: MigrationRow, error: Said): Promise<void> {
  const { context } = pass;
  await inTransaction(context, async (tx) => {
    if (await failMigration(tx, context, move.id, "failed", error)) await setPhase(tx, context, [move.instanceId], null);
  });
  pass.wake("remove-strays");
  pass.wake("fail-over-instances");
}
