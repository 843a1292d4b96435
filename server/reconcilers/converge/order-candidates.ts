/** An instance that may need something. */
export interface Candidate {
  readonly version: string;
  readonly hostId: string;
  readonly organizationId: string;
  /** What its owner gave it among the own machines; higher is begun first. */
  readonly priority: number;
}

/**
 * A host starts a few at once; after the loss of another one those that matter most to their owner must not stand behind the rest. Each organization keeps
 * the turns that it has and fills them by priority, so that none starts before another by its words. Pure.
 */
export function inOwnersOrder(candidates: readonly (readonly [string, Candidate])[]): readonly (readonly [string, Candidate])[] {
  const own = new Map<string, (readonly [string, Candidate])[]>();
  // From the last to the first, so that whose turn it is stands at the end.
  for (const entry of candidates.toReversed()) {
    const entries = own.get(entry[1].organizationId);
    if (entries) entries.push(entry);
    else own.set(entry[1].organizationId, [entry]);
  }
  for (const entries of own.values()) entries.sort(([, one], [, other]) => one.priority - other.priority);
  return candidates.map((entry) => own.get(entry[1].organizationId)?.pop() ?? entry);
}
