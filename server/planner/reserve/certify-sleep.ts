import type { SleepCertificate } from "../types";
import { hostAt, instanceAt, type Model } from "../model/model";
import { hostsByRoom, restartElsewhere, type RestartOutcome } from "./restart-elsewhere";

/**
 * Proves that the hosts in `asleep` may sleep: for the loss of each awake host two restarts that share no sleeper, so that
 * whichever one sleeper fails to wake, one of the two holds. Where two such restarts do not exist, one for each sleeper that the first leans on.
 * The model's host states count; `asleep` must be empty hosts. Returns null, and whose loss is not covered, if there is no proof.
 */
export function certifySleep(model: Model, asleep: ReadonlySet<number>): { certificate: SleepCertificate | null; uncovered: number } {
  const restarts: SleepCertificate["restarts"] = [];
  const byRoom = hostsByRoom(model);
  for (let host = 0; host < model.hosts.length; host += 1) {
    const { id, state } = hostAt(model, host);
    if (state === "down" || asleep.has(host) || (model.instancesOn[host]?.size ?? 0) === 0) continue;
    const lost = new Set([host]);
    const first = restartElsewhere(model, lost, new Set(), byRoom);
    if (first.failed >= 0) return { certificate: null, uncovered: host };
    const leansOn = new Set(first.placements.map((one) => one.host).filter((one) => asleep.has(one)));
    restarts.push({ lostHostId: id, failedSleeperId: null, placements: inWords(model, first) });
    if (leansOn.size === 0) continue;
    const second = restartElsewhere(model, lost, leansOn, byRoom);
    if (second.failed < 0) {
      restarts.push({ lostHostId: id, failedSleeperId: null, placements: inWords(model, second) });
      continue;
    }
    for (const sleeper of leansOn) {
      const without = restartElsewhere(model, lost, new Set([sleeper]), byRoom);
      if (without.failed >= 0) return { certificate: null, uncovered: host };
      restarts.push({ lostHostId: id, failedSleeperId: hostAt(model, sleeper).id, placements: inWords(model, without) });
    }
  }
  const asleepHostIds = [...asleep].map((host) => hostAt(model, host).id);
  return { certificate: { asleepHostIds, restarts }, uncovered: -1 };
}

function inWords(model: Model, outcome: RestartOutcome): { instanceId: string; hostId: string }[] {
  return outcome.placements.map(({ instance, host }) => ({ instanceId: instanceAt(model, instance).id, hostId: hostAt(model, host).id }));
}
