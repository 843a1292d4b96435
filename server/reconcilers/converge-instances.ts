import { listUnsettled, noteFailure, readObserved, recordInstanceEvents } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import { inOwnersOrder, readFleet, type Fleet, type Owned } from "@/server/fleet";
import { LeaseLost } from "@/server/platform/lease";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { Overtaken } from "./converge/conclude";
import { decideStep, type Memory, type Step } from "./converge/decide-step";
import { goOn } from "./converge/go-on";
import { look, type FullView } from "./converge/look";
import { acceptGuestShutdown, askShutdown, concludeApplied, confirmStart, cutPower, noteGuestCrash, reboot, start, unplace } from "./converge/power";
import { resizeRunning, resizeStopped } from "./converge/resize";
import { abandonStill, forgetMemory, suspend } from "./converge/suspend";
import { deleteVolumes, finishPurge } from "./converge/volumes";
import { Gate } from "./gate";
import type { LoopDefinition, Pass, PassOutcome } from "./types";

const PERIOD_MS = 2_000;
/** Starts are what a host spends most on; more at once only make each slower. */
const AT_ONCE_PER_HOST = 4;
/** One turn does what follows at once (stop, then remove, then delete disks); an endless circle would be a bug. */
const STEPS_A_TURN = 8;
/** Nothing could be done: looked at again after this, unless something changes before. */
const QUIET_MS = 5_000;
/** After a failure, as the first back-off of the instance itself. */
const FAILED_QUIET_MS = 1_000;

interface Remembered extends Memory {
  readonly generation: number;
}

/** An instance that may need something. */
interface Candidate extends Owned {
  readonly version: string;
  readonly hostId: string;
}

/**
 * Makes what runs equal to what was asked for, one instance at a time, each by small steps that may be repeated. What
 * it remembers between passes only saves work.
 */
export class InstanceConverger implements LoopDefinition {
  readonly name = "converge-instances";
  readonly periodMs = PERIOD_MS;
  private readonly gate = new Gate(AT_ONCE_PER_HOST);
  private readonly quiet = new Map<string, { readonly version: string; readonly untilMs: number }>();
  private readonly memory = new Map<string, Remembered>();

  async pass(pass: Pass): Promise<PassOutcome> {
    const nowMs = pass.context.clock.nowMs();
    const candidates = await this.candidates(pass);
    let nextMs = Infinity;
    let backlog = 0;
    for (const [instanceId, { version, hostId }] of inOwnersOrder([...candidates], ([, candidate]) => candidate)) {
      const quiet = this.quiet.get(instanceId);
      if (quiet && quiet.version === version && quiet.untilMs > nowMs) {
        nextMs = Math.min(nextMs, quiet.untilMs - nowMs);
        continue;
      }
      backlog += 1;
      pass.background(instanceId, () => this.gate.run(hostId, () => this.turn(pass, instanceId, version)));
    }
    for (const instanceId of this.quiet.keys()) if (!candidates.has(instanceId)) this.quiet.delete(instanceId);
    for (const instanceId of this.memory.keys()) if (!candidates.has(instanceId)) this.memory.delete(instanceId);
    return { backlog, againInMs: Math.max(20, Math.min(PERIOD_MS, nextMs)) };
  }

  /** Instances that may need something, with a text that changes whenever a decision about them could. */
  private async candidates(pass: Pass): Promise<Map<string, Candidate>> {
    const { context } = pass;
    const fleet = await readFleet(context);
    const { unsettled, observed } = await inTransaction(context, async (tx) => ({ unsettled: await listUnsettled(tx, context), observed: await readObserved(tx, context) }), { readOnly: true });
    const found = new Map<string, Candidate>();
    const add = (instanceId: string, version: string, { organizationId, priority }: Owned): void => {
      const allocation = fleet.allocations.get(instanceId);
      found.set(instanceId, { version: `${version}|${placeVersion(fleet, instanceId)}`, hostId: allocation?.hostId ?? "", organizationId, priority });
    };
    for (const row of unsettled) add(row.instanceId, row.version, { organizationId: row.organizationId, priority: row.haPriority });
    for (const allocation of fleet.allocations.values()) {
      if (found.has(allocation.instanceId)) continue;
      const seen = observed.get(allocation.instanceId);
      if (seen?.hostId !== allocation.hostId || seen.epoch !== allocation.epoch) add(allocation.instanceId, `${seen?.state ?? ""}/${seen?.hostId ?? ""}/${seen?.epoch ?? ""}`, { organizationId: seen?.organizationId ?? "", priority: seen?.haPriority ?? 0 });
    }
    return found;
  }

  private async turn(pass: Pass, instanceId: string, version: string): Promise<void> {
    const { context } = pass;
    for (let count = 0; count < STEPS_A_TURN && !pass.signal.aborted; count++) {
      const view = await look(context, instanceId);
      if (!view) return;
      const memory = this.recall(view);
      const step = decideStep(view, memory, context.clock.nowMs());
      if (step.kind === "none" || step.kind === "wait") {
        this.quiet.set(instanceId, { version, untilMs: step.kind === "wait" ? step.untilMs : context.clock.nowMs() + QUIET_MS });
        return;
      }
      this.quiet.delete(instanceId);
      context.logger.debug({ instanceId, step: step.kind }, "converging");
      try {
        if (await this.carryOut(pass, view, step)) continue;
        this.quiet.set(instanceId, { version, untilMs: context.clock.nowMs() + QUIET_MS });
        return;
      } catch (error) {
        if (error instanceof Overtaken || error instanceof LeaseLost) return;
        this.quiet.set(instanceId, { version, untilMs: context.clock.nowMs() + FAILED_QUIET_MS });
        if (!(error instanceof DriverError)) throw error;
        return this.failed(pass, view, step, error);
      }
    }
  }

  /** True when the next step may follow at once; false when the world has to move first. */
  private async carryOut(pass: Pass, view: FullView, step: Exclude<Step, { kind: "none" | "wait" }>): Promise<boolean> {
    switch (step.kind) {
      case "note-applied":
        await concludeApplied(pass, view);
        return true;
      case "ask-shutdown":
        await askShutdown(pass, view);
        this.remember(view, { askedAtMs: pass.context.clock.nowMs() });
        return true;
      case "cut-power":
        await cutPower(pass, view, step.why);
        return true;
      case "unplace":
        await unplace(pass, view);
        return true;
      case "start":
        await start(pass, view);
        return true;
      case "confirm-start":
        await confirmStart(pass, view);
        return true;
      case "reboot":
        await reboot(pass, view);
        return true;
      case "go-on":
        await goOn(pass, view);
        return true;
      case "suspend":
        await suspend(pass, view);
        return true;
      case "abandon-suspend":
        await abandonStill(pass, view, step.why);
        return true;
      case "forget-memory":
        await forgetMemory(pass, view);
        return true;
      case "resize":
        await resizeRunning(pass, view);
        return true;
      case "resize-stopped":
        await resizeStopped(pass, view);
        return true;
      case "delete-volumes":
        return deleteVolumes(pass, view);
      case "finish-purge":
        return finishPurge(pass, view.desired.id);
      case "accept-guest-shutdown":
        await acceptGuestShutdown(pass, view);
        return true;
      case "note-crash":
        await noteGuestCrash(pass, view);
        return true;
      case "give-up-crashing":
        await inTransaction(pass.context, async (tx) => {
          await noteFailure(tx, pass.context, { instanceId: view.desired.id, error: sentence("failure-crashing"), placedAt: view.allocation?.decidedAt });
          await recordInstanceEvents(tx, pass.context, [{ instanceId: view.desired.id, kind: "crashed-again" }]);
        });
        return false;
    }
  }

  private async failed(pass: Pass, view: FullView, step: Step, error: DriverError): Promise<void> {
    const { context } = pass;
    context.logger.warn({ instanceId: view.desired.id, host: view.host?.name, step: step.kind, code: error.code, err: error }, "a step did not work; looked at again");
    // Somebody newer decides about it; there is nothing to report.
    if (error.code === "stale-epoch") return;
    await inTransaction(context, (tx) => noteFailure(tx, context, { instanceId: view.desired.id, error: tenantWords(error), placedAt: view.allocation?.decidedAt }));
  }

  private recall({ desired }: FullView): Memory {
    const kept = this.memory.get(desired.id);
    const known: Remembered = kept?.generation === desired.generation ? kept : { generation: desired.generation, askedAtMs: null };
    this.memory.set(desired.id, known);
    return known;
  }

  private remember(view: FullView, change: Partial<Memory>): void {
    const known = this.memory.get(view.desired.id);
    if (known) this.memory.set(view.desired.id, { ...known, ...change });
  }
}

function placeVersion(fleet: Fleet, instanceId: string): string {
  const allocation = fleet.allocations.get(instanceId);
  if (!allocation) return `none/${[...fleet.hosts.values()].some((host) => host.state === "up")}`;
  return `${allocation.hostId}/${allocation.epoch}/${fleet.hosts.get(allocation.hostId)?.state ?? ""}/${fleet.migrations.has(instanceId)}`;
}

/** What a tenant reads of a driver's error: no host of ours, and what happens next. */
function tenantWords(error: DriverError): Sentence {
  switch (error.code) {
    case "unreachable":
    case "timeout":
      return sentence("failure-unreachable");
    case "locked":
      return sentence("failure-locked");
    case "insufficient":
      return sentence("failure-insufficient");
    case "not-found":
      return sentence("failure-not-found");
    case "already-exists":
    case "stale-epoch":
    case "invalid":
    case "unsupported":
    case "refused":
    case "failed":
      return sentence("failure-refused");
  }
}
