import type { ClusterSnapshot, SleepCertificate } from "./types";
import { Ledger } from "./check/ledger";
import { verifyProof } from "./check/verify-proof";
import { instanceAt, type Model } from "./model/model";

/** Is a sleep certificate true of the model's bookings? Returns what is wrong, in sentences. Knows nothing of how it was made. */
export function checkCertificate(model: Model, certificate: SleepCertificate): string[] {
  return verifyProof(new Ledger(bookingsOf(model), []), certificate);
}

/** The model as it stands now, as a snapshot again. */
export function bookingsOf(model: Model): ClusterSnapshot {
  const hostId = (instance: number): string | null => model.hosts[model.hostOf[instance] ?? -1]?.id ?? null;
  return { ...model.snapshot, hosts: [...model.hosts], instances: model.instances.map((_, index) => ({ ...instanceAt(model, index), hostId: hostId(index) })) };
}
