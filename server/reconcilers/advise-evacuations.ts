import { DriverError } from "@/server/drivers/errors";
import type { HealthFinding } from "@/server/drivers/power/types";
import { closeIncident, drainHost, giveAdvice, noteHealth, openIncident, readAccepted, readFleet, readPowerConfigs, settleAdvice, withdrawAdvice, type Fleet, type HostRow } from "@/server/fleet";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { asPowerConfig } from "./enrol/preflight";
import type { LoopDefinition, Pass, PassOutcome } from "./types";

const PERIOD_MS = 600_000;
const HEALTH_TIMEOUT_MS = 30_000;

/** Reads the sensors of every host, and advises to empty those that show signs of failing; what an operator accepts is drained. */
export class SensorReader implements LoopDefinition {
  readonly name = "advise-evacuations";
  readonly periodMs = PERIOD_MS;
  /** When each host was last read: the end of a reading wakes the loop, and that alone is no reason for the next one. */
  private readonly readMs = new Map<string, number>();

  async pass(pass: Pass): Promise<PassOutcome> {
    const fleet = await readFleet(pass.context);
    for (const advice of (await readAccepted(pass.context)).filter((one) => one.kind === "evacuate")) {
      const host = fleet.hosts.get(advice.hostId ?? "");
      const drains = host?.state === "up" && !host.drainRequestedAt;
      if (drains) await drainHost({ ...pass.context, scope: "worker" }, host.id);
      await inTransaction(pass.context, (tx) => settleAdvice(tx, pass.context, advice.id, drains ? "applied" : "outdated"));
    }
    const hosts = [...fleet.hosts.values()].filter((host) => host.state === "up" || host.state === "asleep");
    const powers = await readPowerConfigs(pass.context, hosts.map((host) => host.id));
    const nowMs = pass.context.clock.nowMs();
    for (const host of hosts) {
      const config = powers.get(host.id);
      if (!config || nowMs - (this.readMs.get(host.id) ?? -Infinity) < PERIOD_MS * 0.9) continue;
      if (pass.background(host.id, () => look(pass, fleet, host, config))) this.readMs.set(host.id, nowMs);
    }
    for (const hostId of this.readMs.keys()) if (!fleet.hosts.has(hostId)) this.readMs.delete(hostId);
    return { backlog: 0 };
  }
}

async function look(pass: Pass, fleet: Fleet, host: HostRow, config: Record<string, unknown>): Promise<void> {
  const { context } = pass;
  let findings: readonly HealthFinding[] | null;
  try {
    findings = (await pass.machines.power(asPowerConfig(config)).health?.({ timeoutMs: HEALTH_TIMEOUT_MS })) ?? null;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.debug({ host: host.name, err: error }, "the sensors could not be read");
    return;
  }
  if (findings === null) return;
  const severe = findings.filter((finding) => finding.severe);
  const here = [...fleet.allocations.values()].filter((row) => row.hostId === host.id).length;
  const key = { clusterId: host.clusterId, hostId: host.id, kind: "failing-host" as const };
  const about = { clusterId: host.clusterId, hostId: host.id, kind: "evacuate" as const };
  const said = severe.map((finding) => `${finding.sensor}: ${finding.text}`).join("; ");
  await inTransaction(context, async (tx) => {
    const news = await noteHealth(tx, context, host.id, findings.map((finding) => ({ ...finding })));
    if (severe.length > 0) {
      await openIncident(tx, context, key, sentence("incident-failing", { host: host.name }), { kind: "signal", said: sentence("note-sensors", { findings: said }) });
      if (here > 0) await giveAdvice(tx, context, { ...about, reason: sentence("advice-failing", { host: host.name, findings: said, machines: here }), plan: { findings: severe, instances: here }, basedOnGeneration: fleet.clusters.get(host.clusterId)?.generation ?? 0 });
    } else if (news) {
      await closeIncident(tx, context, key, { kind: "end", said: sentence("note-sensors-fine") });
    }
    if (severe.length === 0 || here === 0) await withdrawAdvice(tx, context, about);
  });
}
