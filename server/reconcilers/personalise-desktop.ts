import { notePersonalised, type Personality } from "@/server/desktop";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorHost } from "@/server/drivers/hypervisor/types";
import { readFleet } from "@/server/fleet";
import type { Pass } from "./types";

const AGENT_TIMEOUT_MS = 4_000;
const TRY_AGAIN_MS = 2_000;
/** For a guest whose agent has been silent for long. */
const TRY_SELDOM_MS = 60_000;
const NS_PER_MS = 1_000_000;
const MS_PER_SECOND = 1_000;

/** False where the agent answers that it cannot: QEMU's sets the time only where the guest has /sbin/hwclock. */
async function setTime(pass: Pass, machines: HypervisorHost, instanceId: string): Promise<boolean> {
  try {
    await machines.agentCommand(instanceId, "guest-set-time", { time: pass.context.clock.nowMs() * NS_PER_MS }, { timeoutMs: AGENT_TIMEOUT_MS });
    return true;
  } catch (error) {
    if (error instanceof DriverError && error.code === "failed" && /not currently supported|disabled|has not been found/i.test(error.message)) return false;
    throw error;
  }
}

/**
 * Tells a guest through its agent the time (a resumed one has the clock of the moment it was put aside), its name and zone, and its person's name, language and keyboard. One
 * that does not answer yet is told at a later pass. What a guest has no tools for is noted and shown, and nothing fails for it.
 */
export async function personaliseDesktop(pass: Pass, desktopId: string, personality: Personality): Promise<void> {
  const { instanceId, hostName, timeZone, fullName, locale, keyboard } = personality;
  const { clock, logger } = pass.context;
  const fleet = await readFleet(pass.context);
  const host = fleet.hosts.get(fleet.allocations.get(instanceId)?.hostId ?? "");
  if (!host) return;
  const machines = pass.machines.host(host);
  const at = clock.now();
  try {
    const timeSeconds = (await setTime(pass, machines, instanceId)) ? null : Math.round(clock.nowMs() / MS_PER_SECOND);
    const outcomes = await machines.personaliseGuest(instanceId, { hostName, timeZone, timeSeconds, fullName, locale, keyboard }, { timeoutMs: AGENT_TIMEOUT_MS });
    await notePersonalised(pass.context, desktopId, personality, at, { locale, keyboard, outcomes });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    logger.debug({ desktopId, instanceId, code: error.code }, "a desktop could not be told who it is yet");
    // The loop comes again when this ends; a guest that boots should not keep it running round.
    await clock.sleep(personality.seldom ? TRY_SELDOM_MS : TRY_AGAIN_MS, pass.signal).catch(() => undefined);
  }
}
