import type { SleepCertificate } from "./types";
import { at, type Model } from "./model/model";

/**
 * Is a sleep certificate true of the model's bookings? It must name every loss of an awake host with instances (with every
 * failure of one sleeper that it relies on), restart every protected instance of that host, and never overfill a host. Returns what is wrong.
 */
export function checkCertificate(model: Model, certificate: SleepCertificate): string[] {
  const wrong: string[] = [];
  const asleep = new Set(certificate.asleepHostIds);
  for (const id of asleep) {
    const host = model.hostIndex.get(id);
    if (host === undefined) wrong.push(`the certificate names host ${id}, which is not there`);
    else if ((model.instancesOn[host]?.size ?? 0) > 0) wrong.push(`${id} is certified asleep but has instances`);
  }
  model.hosts.forEach((host, index) => {
    if (host.state === "down" || asleep.has(host.id)) return;
    const guests = [...(model.instancesOn[index] ?? [])].filter((one) => model.instances[one]?.wanted === "on");
    if (guests.length === 0) return;
    const cases = certificate.restarts.filter((one) => one.lostHostId === host.id);
    if (cases.length === 0) wrong.push(`the certificate does not say what happens when ${host.id} is lost`);
    for (const one of cases) wrong.push(...checkCase(model, index, guests, one));
    // A case that leans on a sleeper needs another for the night when that sleeper fails.
    for (const one of cases) {
      const leansOn = new Set(one.placements.map((place) => place.hostId).filter((id) => asleep.has(id)));
      for (const sleeper of leansOn) {
        const covered = cases.some(
          (other) => other.failedSleeperId === sleeper || other.placements.every((place) => place.hostId !== sleeper),
        );
        if (!covered) wrong.push(`the restart of ${host.id} needs ${sleeper}, and nothing is said for when it does not wake`);
      }
    }
  });
  return wrong;
}

function checkCase(model: Model, lost: number, guests: number[], one: SleepCertificate["restarts"][number]): string[] {
  const wrong: string[] = [];
  const memory = new Map<number, number>();
  const vcpus = new Map<number, number>();
  const placed = new Set<string>();
  for (const { instanceId, hostId } of one.placements) {
    const host = model.hostIndex.get(hostId);
    const instance = model.instanceIndex.get(instanceId);
    if (host === undefined || instance === undefined) {
      wrong.push(`the certificate names ${instanceId} on ${hostId}, one of which is not there`);
      continue;
    }
    placed.add(instanceId);
    if (host === lost || hostId === one.failedSleeperId) wrong.push(`${instanceId} cannot restart on ${hostId}, which is lost in that case`);
    memory.set(host, (memory.get(host) ?? 0) + at(model.memoryMiB, instance));
    vcpus.set(host, (vcpus.get(host) ?? 0) + at(model.vcpus, instance));
  }
  for (const guest of guests) {
    const id = model.instances[guest]?.id ?? "?";
    if (!placed.has(id)) wrong.push(`${id} has no restart place for the loss of ${one.lostHostId}`);
  }
  for (const [host, amount] of memory) {
    const overMiB = at(model.usedMemoryMiB, host) + amount - at(model.sellableMemoryMiB, host);
    const overVcpus = at(model.usedVcpus, host) + (vcpus.get(host) ?? 0) - at(model.sellableVcpus, host);
    if (overMiB > 1e-6) wrong.push(`the restarts after the loss of ${one.lostHostId} overfill ${model.hosts[host]?.id ?? "?"} by ${overMiB} MiB`);
    if (overVcpus > 1e-6) wrong.push(`the restarts after the loss of ${one.lostHostId} oversell ${model.hosts[host]?.id ?? "?"} by ${overVcpus} vCPUs`);
  }
  return wrong;
}
