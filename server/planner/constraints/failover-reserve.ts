import type { Rejection } from "../types";
import { hostAt, instanceAt, putInstance, removeInstance, type Model } from "../model/model";
import { findUnsurvivedLoss, type Unsurvived } from "../reserve/survive-losses";
import { changeOn, forbids } from "./types";
import { say } from "../words";

/** Would "any N hosts may fail" still hold with this instance on this host? Null means yes. */
export function reserveBrokenBy(model: Model, instance: number, host: number): Unsurvived | null {
  const hosts = model.snapshot.policy.failoverReserveHosts;
  if (hosts <= 0) return null;
  putInstance(model, instance, host);
  const loss = findUnsurvivedLoss(model, hosts);
  removeInstance(model, instance);
  return loss;
}

/** Admission control as an object, so that a test can switch it off and see that the judge finds out. */
export const ADMISSION = { reserveBrokenBy };

/** In words: which loss would leave whom without a place. */
export function describeLoss(model: Model, loss: Unsurvived): string {
  const lost = loss.lostHosts.map((host) => hostAt(model, host).id).join(" and ");
  const one = instanceAt(model, loss.instance);
  const sleeper = loss.failedSleeper < 0 ? "" : ` while ${hostAt(model, loss.failedSleeper).id} does not wake`;
  return `the loss of ${lost}${sleeper} would leave ${one.id} (${one.vcpus} vCPUs, ${one.memoryMiB} MiB) without a place`;
}

/** The admission rule of the cluster as a rejection of one host. */
export function rejectByReserve(model: Model, instance: number, host: number, loss: Unsurvived): Rejection {
  const reserve = model.snapshot.policy.failoverReserveHosts;
  const text = `${instanceAt(model, instance).id} on ${hostAt(model, host).id}: ${describeLoss(model, loss)}`;
  const lower = `lower the failover reserve from ${reserve} to ${reserve - 1} hosts`;
  const victim = instanceAt(model, loss.instance);
  const figures = { instance: instanceAt(model, instance).id, host: hostAt(model, host).id, lost: loss.lostHosts.map((one) => hostAt(model, one).id), victim: victim.id, vcpus: victim.vcpus, victimMiB: victim.memoryMiB };
  const words = loss.failedSleeper < 0 ? say("failover-reserve", figures) : say("failover-reserve-sleeper", { ...figures, sleeper: hostAt(model, loss.failedSleeper).id });
  const change = changeOn("lower-reserve", null, lower, say("change-lower-reserve", { from: reserve, to: reserve - 1 }), 6, reserve - 1, "hosts");
  return forbids(model, host, "failover-reserve", text, words, change);
}
