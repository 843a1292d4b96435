/** Eleven points of a typical two-socket server of 2020 to 2023, from published SPECpower_ssj2008 results: idle at about a third of full load. */
const TYPICAL_WATTS_PER_CORE = { idle: 2.4, full: 7.5 } as const;
/** A controller and a network card that can wake: what a server in soft-off draws. */
export const ASLEEP_WATTS = 5;

export interface Curve {
  readonly watts: readonly number[];
  readonly asleepWatts: number;
}

/** What is assumed of a host of which nobody said how much it draws. */
export function assumedCurve(cores: number): Curve {
  const { idle, full } = TYPICAL_WATTS_PER_CORE;
  return { watts: Array.from({ length: 11 }, (_, step) => cores * (idle + ((full - idle) * step) / 10)), asleepWatts: ASLEEP_WATTS };
}

/** Watts of a host with a part of its cores busy; linear between the eleven points. */
export function wattsAt(curve: Curve, cpuFraction: number): number {
  const at = Math.min(1, Math.max(0, cpuFraction)) * (curve.watts.length - 1);
  const low = Math.floor(at);
  const from = curve.watts[low] ?? 0;
  const to = curve.watts[Math.min(low + 1, curve.watts.length - 1)] ?? from;
  return from + (to - from) * (at - low);
}

const JOULES_PER_KWH = 3_600_000;
/** Copying memory keeps about one core busy at each end and little else; a network card draws the same whether it sends or not. */
const CORES_BUSY_PER_MOVE = 2;

export interface EnergyInput {
  /** One a host and minute, as they were stored. */
  readonly readings: readonly { readonly minuteMs: number; readonly hostId: string; readonly watts: number; readonly asleep: boolean; readonly cpuFraction: number | null }[];
  readonly hosts: readonly { readonly hostId: string; readonly cores: number; readonly curve: Curve }[];
  /** Moves that were made so that hosts could sleep. */
  readonly moves: readonly { readonly fromHostId: string; readonly toHostId: string; readonly seconds: number }[];
  readonly wakes: readonly { readonly hostId: string; readonly seconds: number }[];
}

export interface Energy {
  readonly usedKwh: number;
  readonly withoutSleepKwh: number;
  readonly movesKwh: number;
  readonly savedKwh: number;
}

const SECONDS_A_READING = 60;

/**
 * What sleeping saved, against the same minutes replayed without it: the same work, spread over all hosts in proportion to
 * their cores, as it is where nobody consolidates. The difference between the two is computed from the hosts' curves and
 * added to what was really used, so that a measured figure stays measured. Moves and wakes are charged to sleeping.
 * Pure; anyone can compute it again from the stored inputs.
 */
export function computeEnergy(input: EnergyInput): Energy {
  const hosts = new Map(input.hosts.map((host) => [host.hostId, host]));
  const minutes = new Map<number, EnergyInput["readings"][number][]>();
  for (const reading of input.readings) minutes.set(reading.minuteMs, [...(minutes.get(reading.minuteMs) ?? []), reading]);
  let usedJoules = 0;
  let replayJoules = 0;
  for (const readings of minutes.values()) {
    const used = readings.reduce((sum, reading) => sum + reading.watts, 0);
    const cores = readings.reduce((sum, reading) => sum + (hosts.get(reading.hostId)?.cores ?? 0), 0);
    const busy = readings.reduce((sum, reading) => sum + (reading.cpuFraction ?? 0) * (hosts.get(reading.hostId)?.cores ?? 0), 0);
    const even = cores === 0 ? 0 : busy / cores;
    let difference = 0;
    if (readings.some((reading) => reading.asleep)) {
      for (const reading of readings) {
        const host = hosts.get(reading.hostId);
        if (host) difference += wattsAt(host.curve, even) - (reading.asleep ? reading.watts : wattsAt(host.curve, reading.cpuFraction ?? 0));
      }
    }
    usedJoules += used * SECONDS_A_READING;
    replayJoules += (used + difference) * SECONDS_A_READING;
  }
  let movesJoules = 0;
  for (const move of input.moves) {
    for (const hostId of [move.fromHostId, move.toHostId]) {
      const host = hosts.get(hostId);
      if (host) movesJoules += (wattsAt(host.curve, Math.min(1, CORES_BUSY_PER_MOVE / 2 / host.cores)) - wattsAt(host.curve, 0)) * move.seconds;
    }
  }
  // While it boots a host draws about full power and does nothing; its readings of those minutes may be missing.
  for (const wake of input.wakes) {
    const host = hosts.get(wake.hostId);
    if (host) movesJoules += (wattsAt(host.curve, 1) - wattsAt(host.curve, 0)) * wake.seconds;
  }
  const used = usedJoules / JOULES_PER_KWH;
  const without = replayJoules / JOULES_PER_KWH;
  const moves = movesJoules / JOULES_PER_KWH;
  return { usedKwh: used, withoutSleepKwh: without, movesKwh: moves, savedKwh: without - used - moves };
}
