import type { SleepCertificate } from "../types";
import type { Model } from "../model/model";
import { proveReserve, writeProof } from "./prove-reserve";

/**
 * Proves that the hosts in `asleep` may sleep: any one awake host (as many as the failover reserve says, if that is more) may be lost while any
 * one sleeper fails to wake. The model's host states count; `asleep` must be empty hosts. Without a proof: null, and whose loss is not covered.
 */
export function certifySleep(model: Model, asleep: ReadonlySet<number>): { certificate: SleepCertificate | null; uncovered: number } {
  const losses = Math.max(1, model.snapshot.policy.failoverReserveHosts);
  const proof = proveReserve(model, losses, asleep);
  if (proof.unsurvived !== null) return { certificate: null, uncovered: proof.unsurvived.lostHosts[0] ?? -1 };
  return { certificate: writeProof(proof), uncovered: -1 };
}
