import { DataCentre, power, type Migration, type Node, type Policy, type Vm } from "./data-centre";

/** First host with full room for what the machine was sold, memory included: how CloudSim places without power awareness. */
function firstFit(centre: DataCentre, vm: Vm): number {
  return centre.nodes.findIndex((node) => {
    const sold = node.vms.reduce((sum, one) => sum + one.mips, 0);
    return node.type.pe >= vm.mips && node.type.total - sold >= vm.mips && centre.ramUsed(node) + vm.ram <= node.ram;
  });
}

export const dvfs: Policy = { name: "dvfs", place: firstFit, decide: () => [] };

/** Predicted load at which a Loess line through the last ten utilizations, times 1.2, says overload; CloudSim's "LR". */
const LR_SAMPLES = 10;
const LR_SAFETY = 1.2;

/**
 * The original's weighted regression uses its weights only when at least four of ten are zero, which they never are, so it is
 * the plain least-squares line. Its value at a point is linear in the samples: one coefficient each, which makes hosts sums of machines.
 */
function lineCoefficients(at: number): number[] {
  const mean = (LR_SAMPLES + 1) / 2;
  const square = (LR_SAMPLES * (LR_SAMPLES ** 2 - 1)) / 12;
  return Array.from({ length: LR_SAMPLES }, (_, i) => 1 / LR_SAMPLES + ((i + 1 - mean) * (at - mean)) / square);
}

/** One interval ahead: no machine takes longer than that to migrate. */
const COEFFICIENTS = lineCoefficients(LR_SAMPLES + 1);

interface Outlook {
  decision: number;
  /** What the machine adds to the line's value, in MIPS. */
  mips: number;
  samples: number;
}

const outlooks = new WeakMap<Vm, Outlook>();

function outlook(vm: Vm): Outlook {
  const known = outlooks.get(vm);
  if (known !== undefined && known.decision === vm.decisions) return known;
  let mips = 0;
  for (let i = 0; i < LR_SAMPLES; i += 1) mips += (vm.past[LR_SAMPLES - 1 - i] ?? 0) * vm.mips * COEFFICIENTS[i]!;
  let samples = vm.past.length;
  while (samples > 0 && vm.past[samples - 1] === 0) samples -= 1;
  const made = { decision: vm.decisions, mips, samples };
  outlooks.set(vm, made);
  return made;
}

type Detector = (node: Node, vms: readonly Vm[]) => boolean;

const threshold =
  (limit: number): Detector =>
  (node, vms) =>
    vms.reduce((sum, vm) => sum + vm.requested, 0) / node.type.total > limit;

const fallback = threshold(0.7);

const localRegression: Detector = (node, vms) => {
  let mips = 0;
  let samples = 0;
  for (const vm of vms) {
    const one = outlook(vm);
    mips += one.mips;
    samples = Math.max(samples, one.samples);
  }
  return samples < LR_SAMPLES ? fallback(node, vms) : (mips / node.type.total) * LR_SAFETY >= 1;
};

/** Minimum migration time selection and power-aware best fit decreasing, with a detector for overload. */
function mmt(name: string, isOver: Detector): Policy {
  return {
    name,
    place: (centre, vm) => {
      // At the start a machine asks for all that it was sold and those placed before it for nothing yet, so no detector speaks;
      // the last measured power of every host is still idle.
      let best = -1;
      let least = Infinity;
      centre.nodes.forEach((node, index) => {
        const sold = node.vms.reduce((sum, one) => sum + one.mips, 0);
        if (node.type.pe < vm.mips || node.type.total - sold < vm.mips || centre.ramUsed(node) + vm.ram > node.ram) return;
        const difference = power(node.type, (sold + vm.mips) / node.type.total) - power(node.type, node.used / node.type.total);
        if (difference < least) {
          least = difference;
          best = index;
        }
      });
      return best;
    },
    decide: (centre) => decide(centre, isOver),
  };
}

function decide(centre: DataCentre, isOver: Detector): Migration[] {
  const lists = centre.nodes.map((node) => node.vms.slice());
  // Summed anew at every change, in the order of arrival: the last bit decides between hosts that gain the same.
  const sum = (i: number): number => lists[i]!.reduce((total, vm) => total + Math.min(vm.requested, centre.nodes[i]!.type.pe), 0);
  const requested = Float64Array.from(lists, (_, i) => sum(i));
  const rams = Float64Array.from(centre.nodes, (node) => centre.ramUsed(node));
  const excluded = new Set<number>();
  const over: number[] = [];
  centre.nodes.forEach((node, i) => {
    if (lists[i]!.length > 0 && isOver(node, lists[i]!)) over.push(i);
  });
  for (const i of over) excluded.add(i);
  const leave = (i: number, vm: Vm): void => {
    lists[i]!.splice(lists[i]!.indexOf(vm), 1);
    requested[i] = sum(i);
  };
  const enter = (i: number, vm: Vm): void => {
    lists[i]!.push(vm);
    requested[i] = sum(i);
    rams[i] = rams[i]! + vm.ram;
  };
  const find = (vm: Vm): number => {
    let best = -1;
    let least = Infinity;
    let emptySeen: number[] = [];
    for (let i = 0; i < centre.nodes.length; i += 1) {
      const node = centre.nodes[i]!;
      if (excluded.has(i) || vm.requested > node.type.pe || node.type.total - requested[i]! < vm.requested) continue;
      if (centre.rules === "berth" && rams[i]! + vm.ram > node.ram) continue;
      if (lists[i]!.length === 0) {
        // Empty hosts of a type are alike; the first is taken.
        if (emptySeen.includes(node.type.pe)) continue;
        emptySeen = [...emptySeen, node.type.pe];
      } else if (requested[i]! !== 0 && isOver(node, [...lists[i]!, vm])) continue;
      const difference = power(node.type, (requested[i]! + vm.requested) / node.type.total) - power(node.type, node.used / node.type.total);
      if (difference < least) {
        least = difference;
        best = i;
      }
    }
    return best;
  };
  const byDemand = (a: Vm, b: Vm): number => b.requested - a.requested;
  const selected: Vm[] = [];
  for (const i of over) {
    for (;;) {
      const choices = lists[i]!.filter((vm) => vm.target < 0);
      if (choices.length === 0) break;
      const least = choices.reduce((best, vm) => (vm.ram < best.ram ? vm : best));
      selected.push(least);
      leave(i, least);
      if (!isOver(centre.nodes[i]!, lists[i]!)) break;
    }
  }
  const migrations: Migration[] = [];
  for (const vm of selected.toSorted(byDemand)) {
    const to = find(vm);
    if (to < 0) continue;
    enter(to, vm);
    migrations.push({ vm, to });
  }
  // Under-utilised hosts, the least first: all machines go, or none. Hosts that were off stay out of it.
  const notUnder = new Set(excluded);
  centre.nodes.forEach((node, i) => {
    if (node.used === 0) {
      excluded.add(i);
      notUnder.add(i);
    }
  });
  for (;;) {
    let under = -1;
    let least = 1;
    centre.nodes.forEach((node, i) => {
      const level = node.used / node.type.total;
      if (!notUnder.has(i) && level > 0 && level < least && node.vms.length > 0) {
        least = level;
        under = i;
      }
    });
    if (under < 0) return migrations;
    notUnder.add(under);
    excluded.add(under);
    const moves: Migration[] = [];
    for (const vm of lists[under]!.slice().toSorted(byDemand)) {
      const to = find(vm);
      if (to < 0) {
        for (const move of moves) {
          leave(move.to, move.vm);
          rams[move.to] = rams[move.to]! - move.vm.ram;
        }
        moves.length = 0;
        break;
      }
      enter(to, vm);
      moves.push({ vm, to });
    }
    for (const move of moves) notUnder.add(move.to);
    // The source keeps its list, as in the original: it is excluded for the rest of the step.
    migrations.push(...moves);
  }
}

export const thrMmt = mmt("thr-mmt", threshold(0.8));
export const lrMmt = mmt("lr-mmt", localRegression);
