import { assumedCurve, computeEnergy, wattsAt, type AllocationRow, type HostRow, type RehearsedMoment } from "@/server/fleet";
import type { Action } from "@/server/planner";
import { viewOf, type ClusterDemand, type SteeringView } from "../steer/view";
import type { Copy } from "./copy";

const HOUR_MS = 3_600_000;
const HALF_HOUR_MS = 1_800_000;
const SLOTS = 48;
/** A cluster whose demand of now is next to nothing says little of the rest of the day. */
const LEAST_PART_OF_PEAK = 0.02;

/** How demand goes over the day, as a multiple of now; 1 throughout where nothing was measured. */
export interface Rhythm {
  readonly factorAt: (ms: number) => number;
  /** Days of which at least half was measured. */
  readonly days: number;
}

const slotOf = (ms: number): number => Math.floor(ms / HALF_HOUR_MS) % SLOTS;

/** The mean of each half hour of the day over the days that were measured. Pure. */
export function rhythmOf(history: ClusterDemand, nowMs: number): Rhythm {
  const sums = Array.from({ length: SLOTS }, () => ({ sum: 0, count: 0 }));
  const startMs = history.endSeconds * 1_000 - history.cpuMillicores.length * HALF_HOUR_MS;
  let known = 0;
  for (const [index, value] of history.cpuMillicores.entries()) {
    const slot = sums[slotOf(startMs + index * HALF_HOUR_MS)];
    if (value === null || !slot) continue;
    slot.sum += value;
    slot.count += 1;
    known += 1;
  }
  const means = sums.map(({ sum, count }) => (count === 0 ? null : sum / count));
  const peak = Math.max(0, ...means.map((mean) => mean ?? 0));
  const days = Math.floor(known / SLOTS);
  const now = Math.max(means[slotOf(nowMs)] ?? 0, peak * LEAST_PART_OF_PEAK);
  // Less than a day says nothing of the hours that it does not hold.
  return { days, factorAt: (ms) => (days === 0 || now === 0 || means[slotOf(nowMs)] === null ? 1 : (means[slotOf(ms)] ?? now) / now) };
}

/** What stands on a host beyond the live cluster's own machines. */
export interface Extra {
  readonly instances: number;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly millicores: number;
}

/** A copy on its way through virtual time: where everything is, and what has been done. */
export class Course {
  readonly hosts: Map<string, HostRow>;
  readonly allocations: Map<string, AllocationRow>;
  readonly extra = new Map<string, Extra>();
  private readonly lastMoved: Map<string, Date>;
  private readonly log: { readonly ms: number; readonly fromHostId: string; readonly toHostId: string }[] = [];
  readonly sleeps = new Map<string, number>();
  /** Moves and wakes, as the energy report charges them. */
  readonly charged: { moves: { fromHostId: string; toHostId: string; seconds: number }[]; wakes: { hostId: string; seconds: number }[] } = { moves: [], wakes: [] };

  constructor(
    readonly copy: Copy,
    readonly rhythm: Rhythm,
    readonly automation: SteeringView["automation"] = copy.source.automation,
  ) {
    this.hosts = new Map(copy.source.snapshot.hosts);
    this.allocations = new Map(copy.source.snapshot.allocations);
    this.lastMoved = new Map(copy.source.moves.lastMoved);
  }

  move(action: Pick<Action, "instanceId" | "fromHostId" | "toHostId" | "predicted">, ms: number): void {
    const row = this.allocations.get(action.instanceId ?? "");
    if (!row || action.instanceId === null) return;
    this.allocations.set(action.instanceId, { ...row, hostId: action.toHostId });
    this.lastMoved.set(action.instanceId, new Date(ms));
    if (action.fromHostId === null) return;
    this.log.push({ ms, fromHostId: action.fromHostId, toHostId: action.toHostId });
    this.charged.moves.push({ fromHostId: action.fromHostId, toHostId: action.toHostId, seconds: action.predicted.seconds * this.copy.movePace });
  }

  change(hostId: string, change: Partial<HostRow>): void {
    const host = this.hosts.get(hostId);
    if (host) this.hosts.set(hostId, { ...host, ...change });
  }

  /** The steering view of this moment, as the loops would have it. */
  viewAt(ms: number): SteeringView {
    const { snapshot, consents, moves, past } = this.copy.source;
    const factor = this.rhythm.factorAt(ms);
    const demand = new Map([...this.copy.source.demand].map(([id, row]) => {
      const most = (snapshot.instances.get(id)?.vcpus ?? Infinity) * 1_000;
      const scaled = (value: number): number => Math.min(most, value * factor);
      return [id, { ...row, cpuMillicores: scaled(row.cpuMillicores), recentCpuMillicores: scaled(row.recentCpuMillicores), cpuSpreadMillicores: scaled(row.cpuSpreadMillicores), stealMillicores: row.stealMillicores * factor }];
    }));
    const recent = this.log.filter((one) => one.ms > ms - HOUR_MS);
    // Moves of before the copy age out of the hour's budget as the clock goes on.
    const before = ms - this.copy.takenMs < HOUR_MS ? moves : { lastHour: 0, lastHourOf: new Map<string, number>() };
    const lastHourOf = new Map(before.lastHourOf);
    for (const one of recent) for (const id of [one.fromHostId, one.toHostId]) lastHourOf.set(id, (lastHourOf.get(id) ?? 0) + 1);
    const planner = {
      ...snapshot.planner,
      takenAtSeconds: Math.floor(ms / 1_000),
      hosts: snapshot.planner.hosts.flatMap((host) => {
        const row = this.hosts.get(host.id);
        if (!row || row.state === "retired") return [];
        const state = row.state === "up" ? ("up" as const) : row.state === "asleep" ? (row.powerState === "waking" ? ("waking" as const) : ("asleep" as const)) : ["fenced", "unreachable", "fencing"].includes(row.state) ? ("down" as const) : host.state;
        return [{ ...host, state, ...(row.powerStateChangedAt ? { stateSinceSeconds: Math.floor(row.powerStateChangedAt.getTime() / 1_000) } : {}) }];
      }),
      instances: snapshot.planner.instances.map((one) => (snapshot.instances.has(one.id) ? { ...one, hostId: this.allocations.get(one.id)?.hostId ?? null } : one)),
    };
    return viewOf({
      automation: this.automation,
      snapshot: { ...snapshot, hosts: this.hosts, allocations: this.allocations, migrations: [], planner },
      demand,
      moves: { ...moves, lastMoved: this.lastMoved, lastHour: before.lastHour + recent.length, lastHourOf },
      consents,
      now: new Date(ms),
      ...(past ? { past } : {}),
    });
  }
}

/** What a stretch of virtual time came to. */
export interface Run {
  readonly series: readonly RehearsedMoment[];
  readonly usedKwh: number;
  /** The same work with every host awake. */
  readonly withoutSleepKwh: number;
  readonly movesKwh: number;
  readonly hottest: { readonly fraction: number; readonly hostName: string | null };
  readonly contentionMinutes: number;
}

const SECONDS_A_READING = 60;

/** Goes through a stretch step by step; `act` does what the loops would do at each. */
export function runCourse(course: Course, stretch: { readonly fromMs: number; readonly seconds: number; readonly stepSeconds: number }, act?: (view: SteeringView, ms: number) => void): Run {
  const { fromMs, seconds, stepSeconds } = stretch;
  const series: RehearsedMoment[] = [];
  let usedKwh = 0;
  let withoutSleepKwh = 0;
  let contentionMinutes = 0;
  let hottest: Run["hottest"] = { fraction: 0, hostName: null };
  const curves = new Map([...course.hosts.values()].map((host) => [host.id, { hostId: host.id, cores: host.cores, curve: host.powerCurve ?? assumedCurve(host.cores) }]));
  for (let at = 0; at < seconds; at += stepSeconds) {
    const ms = fromMs + at * 1_000;
    if (act) act(course.viewAt(ms), ms);
    const view = course.viewAt(ms);
    const readings = [...course.hosts.values()].filter((host) => ["up", "asleep", "isolated", "returning"].includes(host.state)).map((host) => {
      const load = view.loads.get(host.id);
      const wanted = (load?.demandMillicores ?? 0) + (course.extra.get(host.id)?.millicores ?? 0);
      const fraction = load && load.capacityMillicores > 0 ? wanted / load.capacityMillicores : 0;
      if (load && fraction > hottest.fraction) hottest = { fraction, hostName: host.name };
      if (fraction > 1) contentionMinutes += stepSeconds / 60;
      const asleep = host.state === "asleep" && host.powerState !== "waking";
      const curve = curves.get(host.id)?.curve ?? assumedCurve(host.cores);
      const busy = host.state === "asleep" ? null : Math.min(1, fraction);
      return { minuteMs: ms, hostId: host.id, watts: asleep ? curve.asleepWatts : wattsAt(curve, busy ?? 0), asleep, cpuFraction: busy, fraction };
    });
    const energy = computeEnergy({ readings, hosts: [...curves.values()], moves: [], wakes: [] });
    usedKwh += (energy.usedKwh * stepSeconds) / SECONDS_A_READING;
    withoutSleepKwh += (energy.withoutSleepKwh * stepSeconds) / SECONDS_A_READING;
    const watts = (kwh: number): number => (kwh * 3_600_000) / SECONDS_A_READING;
    series.push({ atSeconds: at, hostsAwake: readings.filter((one) => !one.asleep).length, watts: watts(energy.usedKwh), wattsOtherwise: watts(energy.withoutSleepKwh), hottestFraction: Math.max(0, ...readings.map((one) => one.fraction)) });
  }
  const { movesKwh } = computeEnergy({ readings: [], hosts: [...curves.values()], ...course.charged });
  return { series, usedKwh, withoutSleepKwh, movesKwh, hottest, contentionMinutes };
}
