import type { Change } from "./types";
import { reserveBrokenBy, rejectByReserve } from "./constraints/failover-reserve";
import { firstRefusing, PLACE_RULES, type Constraint } from "./constraints/index";
import { at, hostAt, type Model } from "./model/model";

/** More changes than this on one host are no advice any more. */
const MAX_CHANGES = 4;
/** Only so many hosts are tried; the cheapest first changes come first. */
const MAX_HOSTS = 64;

/** What of the model a trial may touch, to put it back afterwards. */
function remember(model: Model, host: number): () => void {
  const before = hostAt(model, host);
  const memory = at(model.usedMemoryMiB, host);
  const reservedMemory = at(model.reservedMemoryMiB, host);
  const reservedCpu = at(model.reservedCpuMillicores, host);
  const sellable = model.sellableVcpus.slice();
  return () => {
    model.hosts[host] = before;
    model.usedMemoryMiB[host] = memory;
    model.reservedMemoryMiB[host] = reservedMemory;
    model.reservedCpuMillicores[host] = reservedCpu;
    model.sellableVcpus.set(sellable);
  };
}

/** Applies a change to the model; false if it cannot be tried out (then its rule is taken as satisfied). */
function apply(model: Model, host: number, change: Change): boolean {
  const one = hostAt(model, host);
  const amount = change.amount ?? 0;
  switch (change.kind) {
    case "wake-host":
    case "wait":
      model.hosts[host] = { ...one, state: "up" };
      return true;
    case "return-host":
      model.hosts[host] = { ...one, state: "up", maintenance: false, cordoned: false };
      return true;
    case "uncordon-host":
      model.hosts[host] = { ...one, cordoned: false };
      return true;
    case "free-resource":
      if (change.unit === "millicores") model.reservedCpuMillicores[host] = at(model.reservedCpuMillicores, host) - amount;
      else {
        model.usedMemoryMiB[host] = at(model.usedMemoryMiB, host) - amount;
        model.reservedMemoryMiB[host] = Math.max(0, at(model.reservedMemoryMiB, host) - amount);
      }
      return true;
    case "raise-ratio":
      model.hosts.forEach((other, index) => {
        model.sellableVcpus[index] = other.cpuCores * amount;
      });
      return true;
    case "connect-host":
    case "move-peer":
    case "relax-rule":
    case "free-storage":
    case "lower-reserve":
    case "add-host":
    case "combined":
    case "raise-risk":
      return false;
  }
}

/** All that must change before this host takes the instance, tried step by step on the model. Null: too much. */
function changesOnHost(model: Model, instance: number, host: number): Change[] | null {
  const restore = remember(model, host);
  const changes: Change[] = [];
  let rules: readonly Constraint[] = PLACE_RULES;
  let enough = false;
  while (changes.length <= MAX_CHANGES) {
    const refusing = firstRefusing(rules, model, instance, host);
    if (refusing === null) {
      const loss = reserveBrokenBy(model, instance, host);
      const change = loss === null ? null : rejectByReserve(model, instance, host, loss).change;
      if (change !== null) changes.push(change);
      enough = true;
      break;
    }
    const { change } = refusing.explain(model, instance, host);
    if (change === null) break;
    changes.push(change);
    if (change.kind === "add-host") {
      // Another host is needed: what else is wrong with this one does not matter.
      restore();
      return [change];
    }
    if (!apply(model, host, change)) rules = rules.filter((one) => one.rule !== refusing.rule);
  }
  restore();
  return enough && changes.length <= MAX_CHANGES ? changes : null;
}

function combine(changes: Change[]): Change | null {
  const [first] = changes;
  if (first === undefined) return null;
  if (changes.length === 1) return first;
  const cost = changes.reduce((sum, one) => sum + one.cost, 0);
  const text = changes.map((one) => one.text).join(", and ");
  return { kind: "combined", hostId: first.hostId, text, words: changes.flatMap((one) => one.words), amount: null, unit: null, cost };
}

/**
 * The changes that would each let the instance in, the smallest first. Every one that can be tried on a copy was tried,
 * the failover reserve included; ties go to the host that comes first.
 */
export function findChanges(model: Model, instance: number): Change[] {
  const byText = new Map<string, Change>();
  const order = model.hosts
    .map((_host, host) => ({ host, cost: firstRefusing(PLACE_RULES, model, instance, host)?.explain(model, instance, host).change?.cost ?? 0 }))
    .toSorted((a, b) => a.cost - b.cost || a.host - b.host)
    .slice(0, MAX_HOSTS);
  for (const { host } of order) {
    const changes = changesOnHost(model, instance, host);
    const change = changes === null ? null : combine(changes);
    if (change !== null && !byText.has(change.text)) byText.set(change.text, change);
  }
  return [...byText.values()].toSorted((a, b) => a.cost - b.cost);
}
