import type { Host, LeftOut } from "../types";
import { addCapacity, minAsleepSeconds, needCurve, POWER_OFF_SECONDS, shortageOf, sleepHorizonSeconds, DEFAULT_WAKE_SECONDS, type Capacity, type Shortage } from "../demand/needs";
import { at, hostAt, instanceAt, type Model } from "../model/model";
import { predictMigration } from "../predict-move";
import { say, type PlannerWords } from "../words";

/** Once in eight hours: a server stands some ten thousand start-ups, and a night's sleep is one. */
const DEFAULT_CYCLE_SECONDS = 28_800;
/** A host of unknown make. */
const DEFAULT_IDLE_WATTS = 100;
const DEFAULT_ASLEEP_WATTS = 5;
/** What a busy core adds, where no curve says it. Copying keeps about one core busy at each end. */
const DEFAULT_CORE_WATTS = 10;
/** A sleep is not foreseen further than this. */
const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;

/** Why a host may not be put to sleep now, whatever is on it; null: it may. */
export function whyStaysAwake(model: Model, host: number): { readonly text: string; readonly words: PlannerWords } | null {
  const { id, stateSinceSeconds, lastSleptSeconds } = hostAt(model, host);
  const { takenAtSeconds, policy } = model.snapshot;
  const awake = takenAtSeconds - (stateSinceSeconds ?? -Infinity);
  const minAwake = policy.minAwakeSeconds ?? 0;
  if (awake < minAwake) return { text: `${id} woke ${awake} s ago and stays awake for at least ${minAwake} s`, words: say("awake-young", { host: id, awakeSeconds: awake, leastSeconds: minAwake }) };
  const cycle = policy.powerCycleSeconds ?? DEFAULT_CYCLE_SECONDS;
  const slept = takenAtSeconds - (lastSleptSeconds ?? -Infinity);
  if (slept < cycle) return { text: `${id} was put to sleep ${slept} s ago and sleeps at most once in ${cycle} s`, words: say("awake-cycle", { host: id, agoSeconds: slept, cycleSeconds: cycle }) };
  return null;
}

function neededFor(host: string, { dimension, needed, available, atSeconds }: Shortage, nowSeconds: number): PlannerWords {
  const inSeconds = Math.max(0, Math.round(atSeconds - nowSeconds));
  const [wanted, carried] = [Math.ceil(needed), Math.floor(available)];
  if (dimension === "cpu") return say("awake-for-cores", { host, neededCores: wanted, inSeconds, awakeCores: carried });
  if (dimension === "memory") return say("awake-for-memory", { host, neededMiB: wanted, inSeconds, awakeMiB: carried });
  return say("awake-for-vcpus", { host, neededVcpus: wanted, inSeconds, awakeVcpus: carried });
}

/** Joules that a sleep saves, shutting down and starting up taken off. */
export function sleepSavingJoules(host: Host, sleepSeconds: number): number {
  const idle = host.power?.watts[0] ?? DEFAULT_IDLE_WATTS;
  const asleep = host.power?.asleepWatts ?? DEFAULT_ASLEEP_WATTS;
  const switching = POWER_OFF_SECONDS + (host.wakeSeconds ?? DEFAULT_WAKE_SECONDS);
  return (idle - asleep) * Math.max(0, sleepSeconds - switching) - idle * switching;
}

/** Joules that emptying a host takes: a core at each end while the memory is copied. */
function drainJoules(model: Model, host: number, goal: ReadonlyMap<number, number>): number {
  let joules = 0;
  for (const instance of model.instancesOn[host] ?? []) {
    const to = goal.get(instance);
    const one = instanceAt(model, instance);
    if (to === undefined || one.wanted === "off") continue;
    const watts = [host, to].reduce((sum, end) => {
      const { power, cpuCores } = hostAt(model, end);
      return sum + (power === undefined ? DEFAULT_CORE_WATTS : ((power.watts[10] ?? 0) - (power.watts[0] ?? 0)) / Math.max(1, cpuCores));
    }, 0);
    joules += watts * predictMigration(one, hostAt(model, host), hostAt(model, to), model.snapshot.policy.linkMbps).seconds;
  }
  return joules;
}

/** The rules of a sleep as an object, so that a test can switch one off and see that the judge finds out. */
export const SLEEP_RULES = { whyStaysAwake, shortageOf };

/**
 * Which of the hosts that a goal empties may really sleep: what is expected until they could be back must fit on the others, and the sleep must
 * save more than emptying and switching cost. Cheap drains first. The moves of the others are taken out of the goal; why is said in `leftOut`.
 */
export function chooseSleepers(model: Model, emptied: readonly number[], goal: Map<number, number>): { sleepers: number[]; leftOut: LeftOut[] } {
  const { snapshot } = model;
  const now = snapshot.takenAtSeconds;
  const curve = needCurve(snapshot);
  const soon = curve(now, now + sleepHorizonSeconds(snapshot));
  const foreseen = snapshot.history !== undefined || snapshot.instances.some((one) => one.history !== undefined);
  const hours = !foreseen ? [] : Array.from({ length: DAY_SECONDS / HOUR_SECONDS }, (_, hour) => curve(now + hour * HOUR_SECONDS, now + (hour + 1) * HOUR_SECONDS));
  const sleepers: number[] = [];
  const leftOut: LeftOut[] = [];
  const rest: Capacity = { cores: 0, memoryMiB: 0 };
  for (const host of model.hosts) if (host.state === "up" || host.state === "waking") addCapacity(rest, host, 1);
  const stay = (host: number, text: string, words: PlannerWords): void => {
    leftOut.push({ kind: "host", id: hostAt(model, host).id, text, words: [words] });
    addCapacity(rest, hostAt(model, host), 1);
    for (const instance of model.instancesOn[host] ?? []) goal.delete(instance);
  };
  for (const host of emptied.toSorted((a, b) => at(model.usedMemoryMiB, a) - at(model.usedMemoryMiB, b) || a - b)) {
    addCapacity(rest, hostAt(model, host), -1);
    const { id } = hostAt(model, host);
    const shortage = SLEEP_RULES.shortageOf(snapshot, rest, soon);
    if (shortage !== null) {
      stay(host, `${id} stays awake: ${shortage.text}`, neededFor(id, shortage, now));
      continue;
    }
    const wanted = hours.findIndex((need) => SLEEP_RULES.shortageOf(snapshot, rest, need) !== null);
    const fallback = Math.max(snapshot.policy.horizonSeconds ?? HOUR_SECONDS, minAsleepSeconds(snapshot));
    const sleepSeconds = !foreseen ? fallback : wanted < 0 ? DAY_SECONDS : wanted * HOUR_SECONDS;
    const saves = sleepSavingJoules(hostAt(model, host), sleepSeconds);
    const costs = drainJoules(model, host, goal);
    if (saves <= costs) {
      stay(host, `${id} stays awake: ${Math.round(sleepSeconds)} s of sleep save ${(saves / 1000).toFixed(0)} kJ, emptying it takes ${(costs / 1000).toFixed(0)} kJ`, say("awake-not-worth", { host: id, sleepSeconds: Math.round(sleepSeconds), savedKilojoules: Math.round(saves / 1000), spentKilojoules: Math.round(costs / 1000) }));
      continue;
    }
    sleepers.push(host);
  }
  return { sleepers, leftOut };
}
