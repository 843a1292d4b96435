import { DriverError } from "@/server/drivers/errors";
import type { OffWitness, PowerAnswer, PowerDevice, SecondRole } from "@/server/drivers/power/types";
import type { Clock } from "@/server/platform/clock";

/** A controller whose mains were cut may answer from its capacitors for a moment; it is asked so often before it counts as alive. */
const LOOKS_AFTER_CUT = 3;
const LOOK_PAUSE_MS = 1_000;

export interface SecondDevice {
  readonly role: SecondRole;
  readonly device: PowerDevice;
}

export interface Cut {
  /** For each device by itself, milliseconds. */
  readonly timeoutMs: number;
  /** How long the first device is tried where the second one can do it. */
  readonly firstTimeoutMs: number;
  /** The second device was found to be another machine's. */
  readonly skipSecond: boolean;
  /** Called before the second device is given an order; false leaves it alone. */
  beforeSecond(): Promise<boolean>;
}

/**
 * All that switches one host: its controller, and the second device where it has one. Says "off" only by the rule of the second device's
 * role (drivers/power/README); two devices that contradict each other never make a host dead.
 */
export class HostPower {
  constructor(
    readonly first: PowerDevice,
    readonly second: SecondDevice | null,
    private readonly clock: Clock,
  ) {}

  /** Whether any way leads to a confirmed `off`. */
  get canFence(): boolean {
    if (this.second === null) return this.first.canFence;
    return this.second.role === "both" ? this.first.canFence && this.second.device.canFence : this.first.canFence || this.second.device.canFence;
  }

  /**
   * Whether the host is off, and who says so; changes nothing.
   * @throws DriverError when nobody can tell, or when the devices contradict each other (`disagree`).
   */
  async look(timeoutMs: number): Promise<PowerAnswer> {
    const { first, second } = this;
    if (second === null) return (await first.status({ timeoutMs })) === "off" ? { state: "off", by: "first" } : { state: "on" };
    if (second.role === "both") return this.lookAtBoth(second.device, timeoutMs);
    let silence: DriverError;
    try {
      if ((await first.status({ timeoutMs })) === "on") return { state: "on" };
      return { state: "off", by: await this.believeFirst(second, timeoutMs) };
    } catch (error) {
      if (!(error instanceof DriverError) || isDisagreement(error) || !second.device.canFence) throw error;
      silence = error;
    }
    // A live outlet, or a second controller that says "on", tells no more than the silence did.
    if ((await second.device.status({ timeoutMs })) === "on") throw silence;
    return { state: "off", by: await this.believeSecond(second, timeoutMs) };
  }

  private async lookAtBoth(other: PowerDevice, timeoutMs: number): Promise<PowerAnswer> {
    const answers = await Promise.allSettled([this.first.status({ timeoutMs }), other.status({ timeoutMs })]);
    if (answers.some((one) => one.status === "fulfilled" && one.value === "on")) return { state: "on" };
    for (const one of answers) if (one.status === "rejected") throw one.reason;
    return { state: "off", by: "both" };
  }

  /** A controller's `off` holds although its outlet is live; a second controller of the same machine must not contradict it. */
  private async believeFirst(second: SecondDevice, timeoutMs: number): Promise<OffWitness> {
    if (second.role === "controller" && (await answerOf(second.device, timeoutMs)) === "on") throw disagreement("Its first power device says that it is off, and its second one that it is on.");
    return "first";
  }

  /** The second device says `off`; whoever has no mains any more cannot answer, so a first device that does shows that it is another machine's outlet. */
  private async believeSecond(second: SecondDevice, timeoutMs: number, ours = false): Promise<OffWitness> {
    let answer = await answerOf(this.first, timeoutMs);
    for (let look = 1; look < LOOKS_AFTER_CUT && speaksAgainst(second.role, answer); look += 1) {
      await this.clock.sleep(LOOK_PAUSE_MS);
      answer = await answerOf(this.first, timeoutMs);
    }
    if (!speaksAgainst(second.role, answer)) return "second";
    const text = second.role === "outlet" ? `Its outlet is off, and its first power device still answers ("${answer}"): the outlet feeds another machine, or it is not the only one.` : "Its second power device says that it is off, and its first one that it is on.";
    throw disagreement(text, ours && second.role === "outlet");
  }

  /**
   * Cuts the power and says who confirmed it; null when the second device was needed and `beforeSecond` refused.
   * @throws DriverError when no device confirmed it in the way that its role asks for. Something may be off then: whoever called puts it right.
   */
  async cut(cut: Cut): Promise<OffWitness | null> {
    const { first, second } = this;
    if (second === null) {
      await first.off({ timeoutMs: cut.timeoutMs });
      return "first";
    }
    if (second.role === "both") return (await cut.beforeSecond()) ? this.cutBoth(second.device, cut.timeoutMs) : null;
    const failed = await first.off({ timeoutMs: cut.firstTimeoutMs }).then(() => null, (error: unknown) => error);
    if (failed === null) return this.believeFirst(second, cut.firstTimeoutMs);
    if (!(failed instanceof DriverError) || cut.skipSecond || !second.device.canFence) throw failed;
    // What somebody else switched off is not ours to put back.
    const wasOff = (await answerOf(second.device, cut.firstTimeoutMs)) === "off";
    if (!wasOff && !(await cut.beforeSecond())) return null;
    try {
      if (!wasOff) await second.device.off({ timeoutMs: cut.timeoutMs });
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      throw new DriverError(error.code, `${failed.message} Its second power device: ${error.message}`, error.detail, { cause: error });
    }
    return this.believeSecond(second, cut.firstTimeoutMs, !wasOff);
  }

  /** Both lines, and a last look: one of them may have been switched on while the other was cut. */
  private async cutBoth(other: PowerDevice, timeoutMs: number): Promise<OffWitness> {
    for (const one of await Promise.allSettled([this.first.off({ timeoutMs }), other.off({ timeoutMs })])) if (one.status === "rejected") throw one.reason;
    const seen = await this.lookAtBoth(other, timeoutMs);
    if (seen.state === "on") throw disagreement("Both of its outlets were switched off, and one of them is on again.");
    return seen.by;
  }

  /**
   * Switches everything on that feeds the host: what fencing cut stays cut otherwise. An outlet comes first, because the controller behind it
   * cannot hear without it; one that is silent hinders nothing where the controller hears.
   */
  async on({ timeoutMs }: { readonly timeoutMs: number }): Promise<void> {
    const { first, second } = this;
    if (second === null) return first.on({ timeoutMs });
    if (second.role === "controller") return first.on({ timeoutMs }).catch(() => second.device.on({ timeoutMs }));
    if (second.role === "both") {
      for (const one of await Promise.allSettled([first.on({ timeoutMs }), second.device.on({ timeoutMs })])) if (one.status === "rejected") throw one.reason;
      return;
    }
    const outlet = await second.device.on({ timeoutMs }).then(() => null, (error: unknown) => error);
    if (outlet !== null && !(outlet instanceof DriverError)) throw outlet;
    await first.on({ timeoutMs }).catch((error: unknown) => {
      if (!(error instanceof DriverError) || outlet === null) throw error;
      throw new DriverError(error.code, `${error.message} Its outlet could not be switched on either: ${outlet.message}`, error.detail, { cause: error });
    });
  }

  /** What sleep is done with: the first device, or both outlets together, since one of them alone puts nothing to sleep. Outlets have no power button. */
  forSleep(): PowerDevice {
    const { first, second } = this;
    if (second?.role !== "both") return first;
    const bound = (options: { readonly timeoutMs?: number } | undefined): number => options?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    return {
      kind: first.kind,
      canFence: this.canFence,
      status: async (options) => (await this.look(bound(options))).state,
      off: async (options) => void (await this.cutBoth(second.device, bound(options))),
      on: (options) => this.on({ timeoutMs: bound(options) }),
      powerReading: (options) => first.powerReading(options),
    };
  }
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** What a device says, in one word: silence (nobody knows), or that it lives and has no answer. */
async function answerOf(device: PowerDevice, timeoutMs: number): Promise<"on" | "off" | "silent" | "no answer that counts"> {
  try {
    return await device.status({ timeoutMs });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return error.code === "timeout" || error.code === "unreachable" ? "silent" : "no answer that counts";
  }
}

function speaksAgainst(role: SecondRole, answer: Awaited<ReturnType<typeof answerOf>>): boolean {
  return answer === "on" || (role === "outlet" && answer === "no answer that counts");
}

function disagreement(text: string, cutInVain = false): DriverError {
  return new DriverError("failed", `${text} The host is not taken for off; look at the machine and at its cables.`, { disagree: true, cutInVain });
}

/** The host was seen to live after its second device said "off"; `ours` when we gave the order. */
export function livesOn(power: HostPower, ours: boolean): DriverError {
  return disagreement("Its second power device says that it is off, and the host still renews its run-lease on the shared storage.", ours && power.second?.role === "outlet");
}

/** Whether an outlet was cut that may feed another machine. */
export function isCutInVain(error: DriverError): boolean {
  return error.detail["cutInVain"] === true;
}

/** Whether two devices contradicted each other. */
export function isDisagreement(error: DriverError): boolean {
  return error.detail["disagree"] === true;
}
