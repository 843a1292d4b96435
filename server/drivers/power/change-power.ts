import type { Clock } from "@/server/platform/clock";
import { DriverError } from "../errors";

/** Controllers answer a status question in 50 to 300 ms; asking more often only fills their queue. */
const POLL_MS = 200;
/** A single question may not eat the whole bound: a controller that swallowed one packet answers the next. */
const LONGEST_QUESTION_MS = 5_000;

export interface PowerChange {
  /** For error texts: "the BMC at 10.0.0.9:623". */
  readonly device: string;
  readonly wanted: "on" | "off";
  readonly timeoutMs: number;
  readonly clock: Clock;
  ask(timeoutMs: number): Promise<"on" | "off">;
  command(timeoutMs: number): Promise<void>;
}

/**
 * Commands a power state and believes it only when the device itself reports it afterwards, within one bound over
 * everything. A command whose outcome is unknown is followed by questions too: the device may have heard it.
 * @throws DriverError `failed` when the device reports the other state to the end, else what the last question met.
 */
export async function changePower(change: PowerChange): Promise<void> {
  const end = change.clock.nowMs() + change.timeoutMs;
  const left = () => Math.max(1, Math.min(LONGEST_QUESTION_MS, end - change.clock.nowMs()));
  const over = () => change.clock.nowMs() >= end;
  let last: "on" | "off" | null = null;
  let lastMs = 0;
  let trouble: DriverError | null = null;
  const ask = async (): Promise<boolean> => {
    try {
      last = await change.ask(left());
      lastMs = change.clock.nowMs();
      trouble = null;
    } catch (cause) {
      trouble = passing(cause);
    }
    return trouble === null && last === change.wanted;
  };
  if (await ask()) return;
  let taken = false;
  while (!over()) {
    try {
      if (!taken) await change.command(left());
      taken = true;
    } catch (cause) {
      // It may have heard us before it fell silent: look before the command is given again.
      trouble = passing(cause);
    }
    if (over()) break;
    if (await ask()) return;
    if (!over()) await change.clock.sleep(Math.min(POLL_MS, left()));
  }
  // The last question may have been cut short by the bound: that alone does not make a talking device a silent one.
  const talking = taken && last !== null && end - lastMs < change.timeoutMs / 2;
  throw unconfirmed(change, last, talking ? null : trouble);
}

/** Silence may pass; a refusal of credentials or of the request never does. */
function passing(cause: unknown): DriverError {
  if (!(cause instanceof DriverError)) throw cause;
  if (!cause.outcomeUnknown && cause.code !== "failed") throw cause;
  return cause;
}

function unconfirmed(change: PowerChange, last: "on" | "off" | null, trouble: DriverError | null): DriverError {
  const seconds = change.timeoutMs / 1000;
  if (trouble !== null) {
    return new DriverError(trouble.code, `Power ${change.wanted} was not confirmed by ${change.device} within ${seconds} s: ${trouble.message} Whether the host is ${change.wanted} is not known; look at the machine before you vouch for it.`, { ...trouble.detail, last }, { cause: trouble });
  }
  return new DriverError("failed", `${change.device} took the command for power ${change.wanted}, and after ${seconds} s still reports "${last ?? "nothing"}". The host is not taken for ${change.wanted}; look at the machine and at its controller.`, { wanted: change.wanted, last });
}
