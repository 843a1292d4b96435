import { DriverError } from "@/server/drivers/errors";
import type { HostObservation, HypervisorHost } from "@/server/drivers/hypervisor/types";
import type { Clock } from "@/server/platform/clock";

/** One answer, or what came instead. */
export interface PollResult {
  readonly hostId: string;
  /** When it was asked: what it says held at some moment after this one. */
  readonly askedAt: Date;
  readonly observation: HostObservation | null;
  /** Host's clock minus ours, milliseconds, taken at the middle of the round trip. */
  readonly clockSkewMs: number | null;
  /** Nothing came back at all; other errors are an answer of sorts. */
  readonly silent: boolean;
  readonly error: string | null;
}

/** An observation of a live host takes milliseconds; two missed ones are noticed within the default suspicion of 3 s. */
export const OBSERVE_TIMEOUT_MS = 2_000;

export async function pollHost(clock: Clock, hostId: string, host: HypervisorHost): Promise<PollResult> {
  const askedMs = clock.nowMs();
  const askedAt = new Date(askedMs);
  try {
    const observation = await host.observe({ timeoutMs: OBSERVE_TIMEOUT_MS });
    const middleMs = (askedMs + clock.nowMs()) / 2;
    const clockSkewMs = observation.hostTimeMs === null ? null : Math.round(observation.hostTimeMs - middleMs);
    return { hostId, askedAt, observation, clockSkewMs, silent: false, error: null };
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return { hostId, askedAt, observation: null, clockSkewMs: null, silent: error.outcomeUnknown, error: error.message };
  }
}
