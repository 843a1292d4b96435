import type { ClusterPolicy, Host, Instance } from "../types";
import type { NotMovable } from "./movable";
import { DEFAULT_DIRTY_MIB_PER_SECOND, linkMiBPerSecond } from "../predict-move";
import { say } from "../words";

/** From here on each round of a live migration copies hardly less than the one before, and the last pause never gets short. */
const CONVERGES_BELOW = 0.9;

/**
 * A guest that dirties its memory about as fast as the link copies never finishes a live migration. It is left where it is, unless the policy
 * moves such guests post-copy. `to` may be unknown: then the source's own link is the best that there is.
 */
export function dirtiesTooFast(instance: Instance, from: Host | undefined, to: Host | undefined, policy: ClusterPolicy): NotMovable | null {
  if (instance.wanted === "off" || policy.postCopy === true || from === undefined) return null;
  const dirty = instance.dirtyMiBPerSecond ?? DEFAULT_DIRTY_MIB_PER_SECOND;
  const link = linkMiBPerSecond(from, to ?? from, policy.linkMbps);
  if (dirty < CONVERGES_BELOW * link) return null;
  return { rule: "bandwidth", text: `${instance.id} writes ${dirty} MiB/s of memory, the link copies ${link.toFixed(0)} MiB/s: it cannot move while it runs`, words: say("dirties-too-fast", { instance: instance.id, dirtyMiBPerSecond: dirty, linkMiBPerSecond: Math.round(link) }) };
}
