import { at, instanceAt, type Model } from "../model/model";

/** Ids in `startAfter` that are about to restart too; those that run elsewhere are there already. */
export function dependenciesOf(model: Model, instance: number, among: ReadonlySet<number>): number[] {
  return (instanceAt(model, instance).startAfter ?? []).flatMap((id) => {
    const other = model.instanceIndex.get(id);
    return other !== undefined && other !== instance && among.has(other) && model.instances[other]?.wanted === "on" ? [other] : [];
  });
}

/**
 * The order in which places are given: running before stopped, then by priority, then the class that guarantees more of a core, then the larger, names last so that the order is the same every
 * time. What something depends on is as urgent as that and comes before it; a circle is cut where it closes.
 */
export function orderRestarts(model: Model, instances: readonly number[]): number[] {
  const among = new Set(instances);
  const urgency = new Map(instances.map((one) => [one, instanceAt(model, one).priority ?? 0]));
  // Priority flows to dependencies; as many rounds as the longest chain, and no more than there are instances.
  for (let round = 0; round < instances.length; round += 1) {
    let changed = false;
    for (const one of instances) {
      for (const other of dependenciesOf(model, one, among)) {
        if ((urgency.get(other) ?? 0) >= (urgency.get(one) ?? 0)) continue;
        urgency.set(other, urgency.get(one) ?? 0);
        changed = true;
      }
    }
    if (!changed) break;
  }
  const on = (one: number): number => (instanceAt(model, one).wanted === "on" ? 0 : 1);
  const guaranteed = (one: number): number => instanceAt(model, one).instanceClass.cpuReservationMillicoresPerVcpu;
  const sorted = instances.toSorted(
    (a, b) =>
      on(a) - on(b) ||
      (urgency.get(b) ?? 0) - (urgency.get(a) ?? 0) ||
      guaranteed(b) - guaranteed(a) ||
      at(model.memoryMiB, b) - at(model.memoryMiB, a) ||
      (instanceAt(model, a).id < instanceAt(model, b).id ? -1 : 1),
  );
  const done = new Set<number>();
  const order: number[] = [];
  const visit = (one: number): void => {
    if (done.has(one)) return;
    done.add(one);
    for (const other of dependenciesOf(model, one, among)) visit(other);
    order.push(one);
  };
  for (const one of sorted) visit(one);
  return order;
}

/**
 * The wave of each start: after everything that it must follow, after its host is switched on, and no more at once on a host than the policy
 * allows; the more urgent first. `order` is from `orderRestarts`.
 */
export function startWaves(model: Model, order: readonly number[], hostOf: ReadonlyMap<number, number>, woken: ReadonlySet<number>): Map<number, number> {
  const limit = Math.max(1, model.snapshot.policy.startsPerHost ?? Infinity);
  const among = new Set(order);
  const waves = new Map<number, number>();
  const starts = new Map<string, number>();
  for (const one of order) {
    const host = hostOf.get(one) ?? -1;
    let wave = woken.has(host) ? 2 : 1;
    for (const other of dependenciesOf(model, one, among)) wave = Math.max(wave, (waves.get(other) ?? 0) + 1);
    if (instanceAt(model, one).wanted === "on") {
      while ((starts.get(`${host} ${wave}`) ?? 0) >= limit) wave += 1;
      starts.set(`${host} ${wave}`, (starts.get(`${host} ${wave}`) ?? 0) + 1);
    }
    waves.set(one, wave);
  }
  return waves;
}
