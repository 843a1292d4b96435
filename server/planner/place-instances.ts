import type { Action, ClusterSnapshot, PlacementOrder, Plan, Refusal, Rejection } from "./types";
import { chooseHost } from "./choose-host";
import { findChanges } from "./find-change";
import { at, buildModel, hostAt, instanceAt, putInstance, removeInstance, type Model } from "./model/model";
import type { Strategy } from "./scoring/index";
import { instanceAction, writePlan } from "./write-plan";
import { say, type PlannerWords } from "./words";

export interface PlaceOptions {
  /** `spread` (default) fills hosts evenly, `pack` keeps hosts empty so that they can sleep. */
  strategy?: Strategy;
}

/** Orders of one batch, in the order in which they came. */
interface Batch {
  name: string | null;
  instances: number[];
}

/**
 * Finds a place for each order, one batch after the other; inside a batch the largest first. A batch is placed as a whole or not
 * at all. Every refusal names per host the first rule that failed, and the smallest change that would make it fit.
 * The failover reserve of the policy holds after every placement.
 */
export function placeInstances(snapshot: ClusterSnapshot, orders: readonly PlacementOrder[], options: PlaceOptions = {}): Plan {
  const strategy = options.strategy ?? "spread";
  const model = buildModel(
    snapshot,
    orders.map(({ instance }) => ({ ...instance, hostId: null })),
  );
  const actions: Action[] = [];
  const rejected: Plan["rejected"] = [];
  const refusals: Refusal[] = [];
  for (const batch of collectBatches(model, orders)) {
    const done: { instance: number; action: Action; rejections: Rejection[] }[] = [];
    let refused: Refusal | null = null;
    for (const instance of batch.instances) {
      const choice = chooseHost(model, instance, { strategy, withReserve: true });
      if (choice.host < 0) {
        refused = refuse(model, instance, choice.rejections);
        break;
      }
      putInstance(model, instance, choice.host);
      const numbers = placeNumbers(model, choice.host, choice.score);
      const { reason, words } = placeReason(model, instance, choice.host);
      done.push({
        instance,
        action: instanceAction(model, "place", instance, -1, choice.host, reason, [words], numbers),
        rejections: choice.rejections,
      });
    }
    if (refused === null) {
      for (const { instance, action, rejections } of done) {
        actions.push(action);
        rejected.push({ instanceId: instanceAt(model, instance).id, rejections });
      }
      continue;
    }
    for (const { instance } of done) removeInstance(model, instance);
    refusals.push(refused);
    const culprit = refused.instanceId;
    for (const instance of batch.instances) {
      const { id } = instanceAt(model, instance);
      if (id === culprit) continue;
      const text = `${id} waits with the rest of batch ${batch.name ?? ""}: ${refused.text}`;
      refusals.push({ instanceId: id, text, words: [say("batch-waits", { instance: id, batch: batch.name ?? "" }), ...refused.words], rejections: [], smallestChange: refused.smallestChange, otherChanges: [] });
    }
  }
  const summary = [`place: ${actions.length} of ${orders.length} orders have a place`];
  for (const { text } of refusals) summary.push(text);
  return writePlan(model, { policy: "place", actions, rejected, refusals, summary });
}

/** Batches in order of their first order; the largest instance of a batch first, because it is the hard one. */
function collectBatches(model: Model, orders: readonly PlacementOrder[]): Batch[] {
  const batches: Batch[] = [];
  const byName = new Map<string, Batch>();
  for (const { instance, batch = null } of orders) {
    const index = model.instanceIndex.get(instance.id);
    if (index === undefined) continue;
    let target = batch === null ? undefined : byName.get(batch);
    if (target === undefined) {
      target = { name: batch, instances: [] };
      batches.push(target);
      if (batch !== null) byName.set(batch, target);
    }
    target.instances.push(index);
  }
  for (const batch of batches) batch.instances.sort((a, b) => at(model.memoryMiB, b) - at(model.memoryMiB, a) || a - b);
  return batches;
}

/** The refusal of one instance: why each host failed, and what would help. */
export function refuse(model: Model, instance: number, rejections: Rejection[]): Refusal {
  const one = instanceAt(model, instance);
  const [smallestChange = null, ...others] = findChanges(model, instance);
  const hosts = model.hosts.length === 0 ? "the cluster has no hosts" : `none of the ${model.hosts.length} hosts can take it`;
  const advice = smallestChange === null ? "" : `; smallest change: ${smallestChange.text}`;
  const text = `no place for ${one.id} (${one.vcpus} vCPUs, ${one.memoryMiB} MiB): ${hosts}${advice}`;
  const words = [say("no-place", { instance: one.id, vcpus: one.vcpus, memoryMiB: one.memoryMiB, hosts: model.hosts.length })];
  return { instanceId: one.id, text, words, rejections, smallestChange, otherChanges: others.slice(0, 4) };
}

function placeNumbers(model: Model, host: number, score: number): Record<string, number> {
  return {
    score,
    memoryLeftMiB: at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host),
    vcpusLeft: at(model.sellableVcpus, host) - at(model.usedVcpus, host),
  };
}

function placeReason(model: Model, instance: number, host: number): { reason: string; words: PlannerWords } {
  const left = Math.round(at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host));
  const vcpus = Math.round(at(model.sellableVcpus, host) - at(model.usedVcpus, host));
  const { id } = hostAt(model, host);
  const name = instanceAt(model, instance).id;
  return {
    reason: `${id} has the best score for ${name}; ${left} MiB and ${vcpus} vCPUs stay to be sold there`,
    words: say("best-score", { host: id, instance: name, leftMiB: left, vcpus }),
  };
}
