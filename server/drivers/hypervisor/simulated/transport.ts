import { DriverError } from "../../errors";
import { later } from "./domains";
import type { FaultKind, WorldState } from "./state";
import { hostNamed } from "./state";
import type { HostRecord } from "./types";

export interface CallBounds {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * The network between a caller and a host, with everything that goes wrong on it. A caller never learns more than
 * a real one would: silence is `unreachable` or `timeout`, whether or not the effect took place.
 */
export function deliver<T>(state: WorldState, hostName: string, call: string, bounds: CallBounds, effect: (host: HostRecord) => T | Promise<T>): Promise<T> {
  const host = hostNamed(state, hostName);
  bounds.signal?.throwIfAborted();
  const fault = drawFault(state, hostName, call);
  return new Promise<T>((resolve, reject) => {
    const exchange = new Exchange(state, host, call, bounds, resolve, reject);
    if (host.phase !== "up" || host.partitioned) {
      exchange.giveUpAfter(Math.min(bounds.timeoutMs, state.timings.unreachableMs), "unreachable");
      return;
    }
    const noticedMs = Math.min(bounds.timeoutMs, state.timings.lostMs);
    if (host.hung || fault === "lost-request") {
      exchange.giveUpAfter(noticedMs, "timeout");
      return;
    }
    const run = (): void => exchange.run(effect, fault === "lost-reply");
    const delayMs = state.timings.callMs + host.slowMs + (fault === "slow" ? state.chance.next() * state.faults.slowMs : 0);
    if (fault === "late-effect") {
      exchange.giveUpAfter(noticedMs, "timeout");
      state.clock.schedule(noticedMs + 1 + delayMs, run);
      return;
    }
    if (delayMs > 0) {
      exchange.giveUpAfter(bounds.timeoutMs, "timeout");
      later(state, delayMs, run);
    } else run();
  });
}

/** One request and the one answer that its caller gets. */
class Exchange<T> {
  private settled = false;
  /** The host fell silent while this was under way, and the caller hears so soon: nothing that the host does puts that off. */
  private isCut = false;
  private cancelTimer: (() => void) | null = null;

  constructor(
    private readonly state: WorldState,
    private readonly host: HostRecord,
    private readonly call: string,
    private readonly bounds: CallBounds,
    private readonly resolve: (value: T) => void,
    private readonly reject: (reason: unknown) => void,
  ) {
    const inFlight = state.inFlight.get(host.name) ?? new Set();
    state.inFlight.set(host.name, inFlight.add(this.cut));
    bounds.signal?.addEventListener("abort", this.aborted, { once: true });
  }

  run(effect: (host: HostRecord) => T | Promise<T>, loseReply: boolean): void {
    if (this.host.phase !== "up" || this.host.hung) return;
    this.host.contactMs = this.state.clock.nowMs();
    const powerCycle = this.host.powerCycles;
    let outcome: T | Promise<T>;
    try {
      outcome = effect(this.host);
    } catch (error) {
      this.answer(loseReply, () => this.reject(error));
      return;
    }
    if (!(outcome instanceof Promise)) {
      const value = outcome;
      this.answer(loseReply, () => this.resolve(value));
      return;
    }
    if (!this.isCut) this.giveUpAfter(this.bounds.timeoutMs, "timeout");
    const stillThere = (): boolean => this.host.powerCycles === powerCycle && !this.host.partitioned && !this.host.hung;
    outcome.then(
      (value) => this.answer(loseReply || !stillThere(), () => this.resolve(value)),
      (error: unknown) => this.answer(loseReply || !stillThere(), () => this.reject(error)),
    );
  }

  giveUpAfter(ms: number, code: "unreachable" | "timeout"): void {
    if (this.settled) return;
    this.cancelTimer?.();
    this.cancelTimer = null;
    if (ms <= 0) this.fail(code);
    else this.cancelTimer = this.state.clock.schedule(ms, () => this.fail(code));
  }

  private answer(lose: boolean, deliverIt: () => void): void {
    if (lose) {
      // Keepalive notices it, however long the call itself may take.
      if (!this.isCut) this.giveUpAfter(Math.min(this.bounds.timeoutMs, this.state.timings.lostMs), "timeout");
      return;
    }
    if (this.finish()) deliverIt();
  }

  private fail(code: "unreachable" | "timeout"): void {
    if (!this.finish()) return;
    const said = code === "timeout" ? `no answer came in time (${this.bounds.timeoutMs} ms at most)` : "the host does not answer";
    this.reject(new DriverError(code, `"${this.call}" on ${this.host.name} has an unknown outcome: ${said}. Look again before acting again.`, { host: this.host.name, call: this.call }));
  }

  /** The host went silent while the call was under way: keepalive notices. */
  private readonly cut = (): void => {
    this.isCut = true;
    this.giveUpAfter(Math.min(this.bounds.timeoutMs, this.state.timings.unreachableMs), "unreachable");
  };

  private readonly aborted = (): void => {
    if (this.finish()) this.reject(this.bounds.signal?.reason);
  };

  private finish(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.cancelTimer?.();
    this.bounds.signal?.removeEventListener("abort", this.aborted);
    this.state.inFlight.get(this.host.name)?.delete(this.cut);
    return true;
  }
}

function drawFault(state: WorldState, host: string, call: string): FaultKind {
  const armed = state.armed.findIndex((entry) => entry.host === host && entry.call === call);
  if (armed >= 0) return state.armed.splice(armed, 1)[0]?.kind ?? "none";
  const { lostRequest, lostReply, lateEffect, slow } = state.faults;
  if (lostRequest + lostReply + lateEffect + slow === 0) return "none";
  const drawn = state.chance.next();
  if (drawn < lostRequest) return "lost-request";
  if (drawn < lostRequest + lostReply) return "lost-reply";
  if (drawn < lostRequest + lostReply + lateEffect) return "late-effect";
  return drawn < lostRequest + lostReply + lateEffect + slow ? "slow" : "none";
}
