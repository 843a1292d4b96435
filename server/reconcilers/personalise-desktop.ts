import { notePersonalised, type Personality } from "@/server/desktop";
import { DriverError } from "@/server/drivers/errors";
import type { HypervisorHost } from "@/server/drivers/hypervisor/types";
import { readFleet } from "@/server/fleet";
import type { Pass } from "./types";

const AGENT_TIMEOUT_MS = 4_000;
const TRY_AGAIN_MS = 2_000;
const NS_PER_MS = 1_000_000;
const MS_PER_SECOND = 1_000;
/** Name, zone and time arrive as arguments, never as a part of the program. What a guest does not have is left out. */
const SCRIPT = `
name="$1"; zone="$2"; seconds="$3"
[ -z "$seconds" ] || date -u -s "@$seconds" >/dev/null
if [ "$(cat /etc/hostname 2>/dev/null)" != "$name" ]; then
  echo "$name" > /etc/hostname
  hostname "$name"
  grep -q "[[:space:]]$name\\$" /etc/hosts 2>/dev/null || echo "127.0.1.1 $name" >> /etc/hosts
fi
if [ -e "/usr/share/zoneinfo/$zone" ]; then
  ln -sf "/usr/share/zoneinfo/$zone" /etc/localtime
  echo "$zone" > /etc/timezone
fi`;

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
 * Tells a guest through its agent the time (a resumed one has the clock of the moment it was put aside), its name and its zone. One that
 * does not answer yet is told at a later pass.
 */
export async function personaliseDesktop(pass: Pass, desktopId: string, { instanceId, hostName, timeZone }: Personality): Promise<void> {
  const fleet = await readFleet(pass.context);
  const host = fleet.hosts.get(fleet.allocations.get(instanceId)?.hostId ?? "");
  if (!host) return;
  const machines = pass.machines.host(host);
  const bound = { timeoutMs: AGENT_TIMEOUT_MS };
  try {
    const told = await setTime(pass, machines, instanceId);
    const seconds = told ? "" : String(Math.round(pass.context.clock.nowMs() / MS_PER_SECOND));
    await machines.agentCommand(instanceId, "guest-exec", { path: "/bin/sh", arg: ["-c", SCRIPT, "sh", hostName, timeZone, seconds] }, bound);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    pass.context.logger.debug({ desktopId, instanceId, code: error.code }, "a desktop could not be told who it is yet");
    // The loop comes again when this ends; a guest that boots should not keep it running round.
    await pass.context.clock.sleep(TRY_AGAIN_MS, pass.signal).catch(() => undefined);
    return;
  }
  await notePersonalised(pass.context, desktopId);
}
