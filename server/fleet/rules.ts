import { Problem } from "@/server/platform/errors";
import { replaceNames, type Said, type Words } from "@/server/platform/sentences";

/** The plan was made for a cluster that has changed since; nothing was written, plan again. */
export class PlanSuperseded extends Error {
  override readonly name = "PlanSuperseded";
  constructor(clusterId: string, basedOn: number) {
    super(`The plan for ${clusterId} was made at generation ${basedOn}, and the cluster has changed since. Nothing was applied; take a new snapshot and plan again.`);
  }
}

/** Only sentences for people carry names; ids in a planner's sentence are put into the operator's words. */
export function nameHosts(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/\b(?:hst|ins|stp)_[0-9a-z]{26}\b/g, (id) => names.get(id) ?? id);
}

/** The same for a sentence as data. */
export function namedWords(words: readonly Words[], names: ReadonlyMap<string, string>): Words[] {
  return replaceNames(words, (text) => names.get(text) ?? text);
}

export function conflict(said: Said, detail: Record<string, unknown> = {}): Problem {
  return new Problem("conflict", said, detail);
}
