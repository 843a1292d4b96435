import type { Action, ClusterSnapshot, LeftOut, Plan, Refusal } from "./types";
import { chooseHost } from "./choose-host";
import { at, buildModel, hostAt, instanceAt, putInstance, removeInstance, type Model } from "./model/model";
import { refuse } from "./place-instances";
import { predictRestart } from "./predict-move";
import { instanceAction, writePlan } from "./write-plan";
import { say } from "./words";

/**
 * Restart plan after the loss of hosts that are known to be dead (fencing is confirmed by the caller, never here). The higher
 * priority goes first, then the larger instance. An instance starts in a later wave than those that it must follow. What finds no
 * place is refused with the reason; lower priorities that do fit are still restarted, and the summary says so. Instances that
 * are off only get a new place.
 */
export function planFailover(snapshot: ClusterSnapshot, lostHostIds: readonly string[]): Plan {
  const lostIds = new Set(lostHostIds);
  const hosts = snapshot.hosts.map((host) => (lostIds.has(host.id) ? { ...host, state: "down" as const } : host));
  const model = buildModel({ ...snapshot, hosts });
  const leftOut: LeftOut[] = [];
  const instances: number[] = [];
  for (const id of lostIds) {
    const host = model.hostIndex.get(id);
    if (host === undefined) leftOut.push({ kind: "host", id, text: `host ${id} is not in the snapshot, nothing to restart from it` });
    else instances.push(...(model.instancesOn[host] ?? []));
  }
  instances.sort((a, b) => compareUrgency(model, a, b));
  const fromOf = new Map(instances.map((instance) => [instance, model.hostOf[instance] ?? -1]));
  for (const instance of instances) removeInstance(model, instance);

  const waves = startWaves(model, instances);
  const actions: Action[] = [];
  const rejected: Plan["rejected"] = [];
  const refusals: Refusal[] = [];
  for (const instance of instances) {
    const one = instanceAt(model, instance);
    const from = fromOf.get(instance) ?? -1;
    const choice = chooseHost(model, instance, { strategy: "spread", withReserve: false });
    if (choice.host < 0) {
      refusals.push(refuse(model, instance, choice.rejections));
      continue;
    }
    putInstance(model, instance, choice.host);
    const target = hostAt(model, choice.host).id;
    const figures = { priority: one.priority ?? 0, memoryMiB: one.memoryMiB, vcpus: one.vcpus, score: choice.score };
    const lost = `${hostAt(model, from).id} is lost`;
    const lostWords = say("host-lost", { host: hostAt(model, from).id });
    const action =
      one.wanted === "on"
        ? instanceAction(model, "start", instance, from, choice.host, `${lost}; ${one.id} restarts on ${target}`, [lostWords, say("restarts-on", { instance: one.id, host: target })], figures, predictRestart(one))
        : instanceAction(model, "place", instance, from, choice.host, `${lost}; ${one.id} is off and gets its place on ${target}`, [lostWords, say("place-on", { instance: one.id, host: target })], figures);
    actions.push({ ...action, wave: waves.get(instance) ?? 1 });
    rejected.push({ instanceId: one.id, rejections: choice.rejections });
  }
  actions.sort((a, b) => a.wave - b.wave);
  const summary = [
    `failover of ${[...lostIds].join(", ")}: ${actions.length} of ${instances.length} instances have a new place (score: instances without one)`,
  ];
  if (refusals.length > 0) summary.push("best effort: not everything fits; higher priorities were placed first");
  for (const { text } of refusals) summary.push(text);
  return writePlan(model, {
    policy: "failover",
    actions,
    rejected,
    refusals,
    leftOut,
    scoreBefore: instances.length,
    scoreAfter: refusals.length,
    summary,
  });
}

/** Running before stopped, then priority, then size; names decide ties so that the order is the same every time. */
function compareUrgency(model: Model, a: number, b: number): number {
  const one = instanceAt(model, a);
  const other = instanceAt(model, b);
  if (one.wanted !== other.wanted) return one.wanted === "on" ? -1 : 1;
  return (
    (other.priority ?? 0) - (one.priority ?? 0) ||
    at(model.memoryMiB, b) - at(model.memoryMiB, a) ||
    (one.id < other.id ? -1 : 1)
  );
}

/** Wave of each start: one after the latest of those that it must follow. A circle is cut where it closes. */
function startWaves(model: Model, instances: number[]): Map<number, number> {
  const waves = new Map<number, number>();
  const members = new Set(instances);
  const visiting = new Set<number>();
  const visit = (instance: number): number => {
    const known = waves.get(instance);
    if (known !== undefined) return known;
    if (visiting.has(instance)) return 0;
    visiting.add(instance);
    let wave = 1;
    for (const id of instanceAt(model, instance).startAfter ?? []) {
      const earlier = model.instanceIndex.get(id);
      if (earlier !== undefined && members.has(earlier)) wave = Math.max(wave, visit(earlier) + 1);
    }
    visiting.delete(instance);
    waves.set(instance, wave);
    return wave;
  };
  for (const instance of instances) visit(instance);
  return waves;
}
