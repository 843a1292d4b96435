import { DriverError } from "@/server/drivers/errors";
import { assumedCurve, expireReadings, readAutomations, readFleet, readPowerConfigs, recordReadings, reportEnergy, wattsAt, type Fleet, type HostRow, type PowerReadingRow } from "@/server/fleet";
import { readDemand } from "@/server/metering";
import { inTransaction } from "@/server/platform/transaction";
import { asPowerConfig } from "./enrol/preflight";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 60_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const READING_TIMEOUT_MS = 5_000;
/** Controllers without a meter are asked again after this: a firmware update may have brought one. */
const ASK_AGAIN_MS = 6 * HOUR_MS;
const DEMAND_MINUTES = 5;

/** Writes down what every host draws, each minute, and each hour what sleeping saved since noon. */
export class PowerMeter implements LoopDefinition {
  readonly name = "meter-power";
  readonly periodMs = PERIOD_MS;
  private readonly meterless = new Map<string, number>();
  private reportedHour = -1;

  async pass(pass: Pass): Promise<{ backlog: number }> {
    const { context } = pass;
    const fleet = await readFleet(context);
    const minute = new Date(Math.floor(context.clock.nowMs() / MINUTE_MS) * MINUTE_MS);
    for (const clusterId of fleet.clusters.keys()) {
      if (pass.signal.aborted) break;
      const rows = await this.read(pass, fleet, clusterId, minute);
      if (rows.length > 0) await inTransaction(context, (tx) => recordReadings(tx, rows));
    }
    await this.report(pass);
    return { backlog: 0 };
  }

  private async read(pass: Pass, fleet: Fleet, clusterId: string, minute: Date): Promise<PowerReadingRow[]> {
    const hosts = [...fleet.hosts.values()].filter((host) => host.clusterId === clusterId && ["up", "asleep", "returning", "isolated"].includes(host.state));
    const powers = await readPowerConfigs(pass.context, hosts.map((host) => host.id));
    const busy = await busyCores(pass, fleet, clusterId);
    return Promise.all(
      hosts.map(async (host) => {
        const asleep = host.state === "asleep";
        const cpuFraction = asleep ? null : Math.min(1, (busy.get(host.id) ?? 0) / Math.max(1, host.cores));
        const measured = await this.ask(pass, host, powers.get(host.id) ?? null);
        const curve = host.powerCurve ?? assumedCurve(host.cores);
        const modelled = asleep ? curve.asleepWatts : wattsAt(curve, cpuFraction ?? 0);
        return { hostId: host.id, minute, clusterId, watts: measured ?? modelled, source: measured !== null ? ("measured" as const) : host.powerCurve ? ("model" as const) : ("assumed" as const), cpuFraction, asleep };
      }),
    );
  }

  /** What the controller measures; null where it has no meter or does not answer. */
  private async ask(pass: Pass, host: HostRow, config: Record<string, unknown> | null): Promise<number | null> {
    const nowMs = pass.context.clock.nowMs();
    if (!config || nowMs - (this.meterless.get(host.id) ?? -Infinity) < ASK_AGAIN_MS) return null;
    try {
      const watts = await pass.machines.power(asPowerConfig(config)).powerReading({ timeoutMs: READING_TIMEOUT_MS });
      if (watts === null) this.meterless.set(host.id, nowMs);
      return watts;
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      pass.context.logger.debug({ host: host.name, err: error }, "the controller's meter could not be read; the host's curve stands for it");
      return null;
    }
  }

  /** The night that began at the last noon, cluster by cluster; the same night again is written over. */
  private async report(pass: Pass): Promise<void> {
    const { context } = pass;
    const nowMs = context.clock.nowMs();
    const hour = Math.floor(nowMs / HOUR_MS);
    if (hour === this.reportedHour) return;
    for (const automation of (await readAutomations(context)).values()) {
      if (pass.signal.aborted) return;
      const noon = lastNoon(automation.timeZone, nowMs);
      for (const from of [noon - 24 * HOUR_MS, noon]) {
        const to = Math.min(from + 24 * HOUR_MS, nowMs);
        if (to > from) await reportEnergy(context, automation.clusterId, new Date(from), new Date(to));
      }
    }
    await expireReadings(context);
    this.reportedHour = hour;
  }
}

/** The last noon in a zone: a night is not cut in two where it matters. Whole hours; days of 23 or 25 hours shift it by one. */
function lastNoon(timeZone: string, nowMs: number): number {
  const hour = Number(new Intl.DateTimeFormat("en-US", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(new Date(nowMs)));
  const wholeMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  return wholeMs - ((hour - 12 + 24) % 24) * HOUR_MS;
}

/** Cores that the guests of each host kept busy over the last minutes. */
async function busyCores(pass: Pass, fleet: Fleet, clusterId: string): Promise<Map<string, number>> {
  const demand = await readDemand(pass.context, clusterId, { minutes: DEMAND_MINUTES, recentMinutes: DEMAND_MINUTES });
  const busy = new Map<string, number>();
  for (const row of fleet.allocations.values()) {
    const used = demand.get(row.instanceId);
    // What a guest waited for was not done.
    if (used && row.clusterId === clusterId) busy.set(row.hostId, (busy.get(row.hostId) ?? 0) + Math.max(0, used.cpuMillicores - used.stealMillicores) / 1_000);
  }
  return busy;
}
