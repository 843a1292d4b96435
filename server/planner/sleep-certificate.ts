import { checkCertificate } from "./check-certificate";
import { buildModel, hostAt } from "./model/model";
import { certifySleep } from "./reserve/certify-sleep";
import type { ClusterSnapshot, SleepCertificate } from "./types";

/**
 * Proves that some hosts of a snapshot may sleep (or says whose loss is not covered). They count as asleep whatever the
 * snapshot says of them, and must be empty; other sleepers of the snapshot must be named too.
 */
export function proveSleep(snapshot: ClusterSnapshot, asleepHostIds: Iterable<string>): { certificate: SleepCertificate | null; uncoveredHostId: string | null } {
  const asleep = new Set(asleepHostIds);
  const hosts = snapshot.hosts.map((host) => (asleep.has(host.id) ? { ...host, state: "asleep" as const } : host));
  const model = buildModel({ ...snapshot, hosts });
  const indices = new Set<number>();
  for (const id of asleep) {
    const index = model.hostIndex.get(id);
    if (index === undefined || (model.instancesOn[index]?.size ?? 0) > 0) return { certificate: null, uncoveredHostId: id };
    indices.add(index);
  }
  const { certificate, uncovered } = certifySleep(model, indices);
  return { certificate, uncoveredHostId: uncovered < 0 ? null : hostAt(model, uncovered).id };
}

/** What is wrong with a certificate in a snapshot, in sentences; none means that it holds. Knows nothing of how it was made. */
export function findCertificateFaults(snapshot: ClusterSnapshot, certificate: SleepCertificate): string[] {
  return checkCertificate(buildModel(snapshot), certificate);
}
