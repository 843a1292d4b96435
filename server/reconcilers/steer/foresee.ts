import { findShortage, sleepHorizonSeconds, wakeLeadSeconds, type Shortage } from "@/server/planner";
import { sentence, type Sentence } from "@/server/platform/sentences";
import type { SteeringView } from "./view";

/** Hosts that carry something now, or will in a moment, without those that sleep or are about to. */
function awake(view: SteeringView, asleep: ReadonlySet<string>) {
  return view.planner.hosts.filter((host) => (host.state === "up" || host.state === "waking") && !asleep.has(host.id));
}

/**
 * What the habit of the last weeks lets expect beyond what the hosts that stay awake carry, before a host that falls asleep now could
 * be back; null where that is nothing, or where no week is known yet. Pure.
 */
export function foreseeShortage(view: SteeringView, asleep: ReadonlySet<string>): Shortage | null {
  const { planner } = view;
  return findShortage(planner, awake(view, asleep), planner.takenAtSeconds, planner.takenAtSeconds + sleepHorizonSeconds(planner));
}

/** The quickest sleeper that has to be switched on now, so that it is up when it is expected to be missed. Pure. */
export function foreseeWake(view: SteeringView): { readonly hostId: string; readonly reason: Sentence; readonly shortage: Shortage } | null {
  const { planner } = view;
  const sleepers = planner.hosts.filter((host) => host.state === "asleep" && !host.maintenance).toSorted((a, b) => wakeLeadSeconds(a) - wakeLeadSeconds(b) || (a.id < b.id ? -1 : 1));
  for (const host of sleepers) {
    const shortage = findShortage(planner, awake(view, new Set()), planner.takenAtSeconds, planner.takenAtSeconds + wakeLeadSeconds(host));
    if (shortage !== null) return { hostId: host.id, reason: sayShortage(shortage, planner.takenAtSeconds), shortage };
  }
  return null;
}

function sayShortage({ dimension, atSeconds, needed, available }: Shortage, nowSeconds: number): Sentence {
  const inSeconds = Math.max(0, Math.round(atSeconds - nowSeconds));
  const [most, has] = [Math.ceil(needed), Math.floor(available)];
  if (dimension === "memory") return sentence("wake-memory", { neededMiB: most, inSeconds, awakeMiB: has });
  return dimension === "cpu" ? sentence("wake-cores", { neededCores: most, inSeconds, awakeCores: has }) : sentence("wake-vcpus", { neededVcpus: most, inSeconds, awakeVcpus: has });
}
