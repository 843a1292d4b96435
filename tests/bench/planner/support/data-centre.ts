/**
 * The data centre of Beloglazov and Buyya's experiment as CloudSim 3.0.3 plays it: what is requested, what is given under contention and
 * migration, energy, and the history that the SLA metrics are computed from. The order of updates matters to the figures and follows the
 * original; the policy is a parameter.
 */
export type Rules = "cloudsim" | "berth";

export interface HostType {
  pe: number;
  total: number;
  watts: readonly number[];
}

const G4: HostType = { pe: 1860, total: 3720, watts: [86, 89.4, 92.6, 96, 99.5, 102, 106, 108, 112, 114, 117] };
const G5: HostType = { pe: 2660, total: 5320, watts: [93.7, 97, 101, 105, 110, 116, 121, 125, 129, 133, 135] };
const VM_TYPES = [
  { mips: 2500, ram: 870 },
  { mips: 2000, ram: 1740 },
  { mips: 1000, ram: 1740 },
  { mips: 500, ram: 613 },
] as const;

export const HOST_COUNT = 800;
export const INTERVAL = 300;
const END = 86_400;
/** Berth rules: a host that is switched on burns this long at idle before it takes anything. */
const POWER_ON_SECONDS = 60;

/**
 * Watts at a utilization, with the original's arithmetic to the last bit: hosts in the same tenth of their curve gain the same by a machine,
 * so that rounding decides between them.
 */
export function power(type: HostType, utilization: number): number {
  const x = Math.min(1, Math.max(0, utilization));
  if (x % 0.1 === 0) return type.watts[Math.trunc(x * 10)]!;
  const low = Math.floor(x * 10);
  const a = type.watts[low]!;
  const step = (type.watts[Math.ceil(x * 10)]! - a) / 10;
  return a + step * (x - low / 10) * 100;
}

interface Entry {
  time: number;
  allocated: number;
  requested: number;
  flag: boolean;
}

/** Sums over a state history; entries at the same time replace each other. */
class History {
  private last: Entry | null = null;
  requestedTime = 0;
  lostInMigration = 0;
  violation = 0;
  active = 0;
  lost = 0;

  add(time: number, allocated: number, requested: number, flag: boolean): void {
    if (this.last !== null && this.last.time !== time) this.close(time);
    this.last = { time, allocated, requested, flag };
  }

  private close(time: number): void {
    const before = this.last;
    if (before === null) return;
    const seconds = time - before.time;
    this.requestedTime += before.requested * seconds;
    if (before.allocated < before.requested) {
      this.violation += seconds;
      this.lost += (before.requested - before.allocated) * seconds;
      if (before.flag) this.lostInMigration += (before.requested - before.allocated) * seconds;
    }
    if (before.flag) this.active += seconds;
  }
}

export interface Vm {
  id: number;
  mips: number;
  ram: number;
  data: Float64Array;
  host: number;
  /** Target while it migrates, else -1. */
  target: number;
  requested: number;
  /** Utilizations at each decision, the newest first, at most 30. */
  past: number[];
  /** How many decisions it has seen. */
  decisions: number;
  gone: boolean;
  history: History;
}

export interface Node {
  id: number;
  type: HostType;
  ram: number;
  vms: Vm[];
  incoming: Vm[];
  /** As of the last update. */
  used: number;
  usedBefore: number;
  history: History;
}

export interface Migration {
  vm: Vm;
  to: number;
}

export interface Policy {
  name: string;
  /** Chooses a host for a new machine, or -1. */
  place(centre: DataCentre, vm: Vm): number;
  decide(centre: DataCentre): Migration[];
}

export class DataCentre {
  readonly nodes: Node[];
  readonly vms: Vm[];
  now = 0;
  private lastProcess = 0;
  energyJoules = 0;
  migrations = 0;
  memoryViolations = 0;
  neverPlaced = 0;
  private hostIntervals = 0;
  private intervals = 0;

  constructor(day: readonly Float64Array[], readonly rules: Rules, readonly hostRam = rules === "berth" ? 40_960 : 4096) {
    this.nodes = Array.from({ length: HOST_COUNT }, (_, id) => ({ id, type: id % 2 === 0 ? G4 : G5, ram: hostRam, vms: [], incoming: [], used: 0, usedBefore: 0, history: new History() }));
    const quarter = Math.ceil(day.length / 4);
    this.vms = day.map((data, id) => {
      const type = VM_TYPES[Math.floor(id / quarter)]!;
      return { id, ...type, data, host: -1, target: -1, requested: type.mips, past: [], decisions: 0, gone: false, history: new History() };
    });
  }

  utilizationAt(vm: Vm, time: number): number {
    if (time % INTERVAL === 0) return vm.data[time / INTERVAL]!;
    const low = Math.floor(time / INTERVAL);
    const a = vm.data[low]!;
    const slope = (vm.data[Math.min(288, Math.ceil(time / INTERVAL))]! - a) / INTERVAL;
    return a + slope * (time - low * INTERVAL);
  }

  ramUsed(node: Node): number {
    return node.vms.reduce((sum, vm) => sum + vm.ram, 0) + node.incoming.reduce((sum, vm) => sum + vm.ram, 0);
  }

  /** What one machine gets on a node: capped at one core, a tenth while it arrives, nine tenths while it leaves, scaled under contention. */
  private given(node: Node, vm: Vm, scale: number, arriving: boolean): number {
    const capped = Math.min(vm.requested, node.type.pe);
    if (arriving) return scale < 1 ? Math.floor(capped * 0.1 * scale) : capped * 0.1;
    const leaving = vm.target >= 0 ? 0.9 : 1;
    return scale < 1 ? Math.floor(capped * scale * leaving) : capped * leaving;
  }

  private update(node: Node): void {
    const now = this.now;
    node.usedBefore = node.used;
    let needed = 0;
    for (const vm of node.vms) {
      vm.requested = this.utilizationAt(vm, now) * vm.mips;
      needed += Math.min(vm.requested, node.type.pe);
    }
    for (const vm of node.incoming) {
      vm.requested = this.utilizationAt(vm, now) * vm.mips;
      needed += Math.min(vm.requested, node.type.pe) * 0.1;
    }
    const scale = needed > node.type.total ? node.type.total / needed : 1;
    let used = 0;
    let requested = 0;
    for (const vm of node.vms) {
      const given = this.given(node, vm, scale, false);
      vm.history.add(now, given, vm.requested, vm.target >= 0);
      used += vm.target >= 0 ? given / 0.9 : given;
      requested += vm.requested;
    }
    for (const vm of node.incoming) {
      used += this.given(node, vm, scale, true);
      requested += vm.requested;
    }
    node.used = used;
    node.history.add(now, used, requested, used > 0);
  }

  /** Everybody is brought to now and the energy since the last time is charged. */
  private updateAll(): void {
    const seconds = this.now - this.lastProcess;
    for (const node of this.nodes) this.update(node);
    if (seconds > 0) {
      for (const node of this.nodes) {
        const before = this.level(node, node.usedBefore);
        if (before === 0) continue;
        this.energyJoules += ((power(node.type, before) + power(node.type, this.level(node, node.used))) / 2) * seconds;
      }
    }
    if (this.rules === "cloudsim") {
      for (const node of this.nodes) {
        for (const vm of node.vms) if (vm.target < 0 && vm.requested === 0) vm.gone = true;
        if (node.vms.some((vm) => vm.gone)) node.vms = node.vms.filter((vm) => !vm.gone);
      }
    } else {
      for (const node of this.nodes) if (this.ramUsed(node) > node.ram) this.memoryViolations += 1;
    }
    this.lastProcess = this.now;
  }

  /** Berth rules: a host with machines burns idle power even if nobody wants CPU. */
  private level(node: Node, used: number): number {
    if (used > 0) return used / node.type.total;
    return this.rules === "berth" && node.vms.length > 0 ? 1e-9 : 0;
  }

  private start(migrations: readonly Migration[]): { at: number; vm: Vm; to: number }[] {
    const ends: { at: number; vm: Vm; to: number }[] = [];
    for (const { vm, to } of migrations) {
      const target = this.nodes[to]!;
      if (vm.host === to) throw new Error(`machine ${vm.id} cannot migrate to host ${to}: it is there`);
      if (vm.target >= 0 && this.rules === "berth") {
        // The peers' under-utilised loop may send on what their overload step has just sent; both count, only the last one is carried out.
        const first = this.nodes[vm.target]!;
        first.incoming.splice(first.incoming.indexOf(vm), 1);
        ends.splice(ends.findIndex((end) => end.vm === vm), 1);
        this.update(first);
      }
      if (this.rules === "berth" && target.vms.length + target.incoming.length === 0) {
        this.energyJoules += POWER_ON_SECONDS * target.type.watts[0]!;
      }
      vm.target = to;
      target.incoming.push(vm);
      this.update(target);
      this.update(this.nodes[vm.host]!);
      this.migrations += 1;
      ends.push({ at: this.now + vm.ram / 62.5, vm, to });
    }
    return ends;
  }

  private finish(vm: Vm, to: number): void {
    const source = this.nodes[vm.host]!;
    const target = this.nodes[to]!;
    source.vms.splice(source.vms.indexOf(vm), 1);
    target.incoming.splice(target.incoming.indexOf(vm), 1);
    target.vms.push(vm);
    vm.host = to;
    vm.target = -1;
  }

  run(policy: Policy): void {
    for (const vm of this.vms) {
      const host = policy.place(this, vm);
      if (host < 0) {
        // As in the original, a machine that finds no host at the start never runs; it is counted.
        vm.gone = true;
        this.neverPlaced += 1;
        continue;
      }
      vm.host = host;
      this.nodes[host]!.vms.push(vm);
    }
    let time = 0.1;
    for (;;) {
      time += INTERVAL;
      if (time >= END) break;
      this.now = time;
      this.updateAll();
      for (const vm of this.vms) {
        if (vm.gone || (this.now - 0.1) % INTERVAL !== 0) continue;
        vm.decisions += 1;
        vm.past.unshift(this.utilizationAt(vm, this.now));
        if (vm.past.length > 30) vm.past.pop();
      }
      this.intervals += 1;
      for (const node of this.nodes) if (node.vms.length > 0) this.hostIntervals += 1;
      const ends = this.start(policy.decide(this));
      const times = [...new Set(ends.map((end) => end.at))].toSorted((a, b) => a - b);
      for (const at of times) {
        this.now = at;
        this.updateAll();
        for (const end of ends) if (end.at === at) this.finish(end.vm, end.to);
        this.updateAll();
      }
    }
  }

  results(): { energyKWh: number; migrations: number; slatah: number; pdm: number; slav: number; esv: number; meanHosts: number; memoryViolations: number; neverPlaced: number; unserved: number } {
    const sum = (pick: (history: History) => number, of: { history: History }[]): number => of.reduce((total, one) => total + pick(one.history), 0);
    const energyKWh = this.energyJoules / 3_600_000;
    const active = sum((one) => one.active, this.nodes);
    const requested = sum((one) => one.requestedTime, this.vms);
    const slatah = active > 0 ? sum((one) => one.violation, this.nodes) / active : 0;
    const pdm = requested > 0 ? sum((one) => one.lostInMigration, this.vms) / requested : 0;
    const slav = slatah * pdm;
    return {
      energyKWh,
      migrations: this.migrations,
      slatah,
      pdm,
      slav,
      esv: energyKWh * slav,
      meanHosts: this.hostIntervals / Math.max(1, this.intervals),
      memoryViolations: this.memoryViolations,
      neverPlaced: this.neverPlaced,
      unserved: requested > 0 ? sum((one) => one.lost, this.vms) / requested : 0,
    };
  }
}
