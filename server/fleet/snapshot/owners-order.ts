/** Whose something is, and what its owner gave it among the own machines; higher comes first. */
export interface Owned {
  readonly organizationId: string;
  readonly priority: number;
}

/**
 * Room and starts are few after the loss of a host; what matters most to its owner must not stand behind the rest. Each organization keeps
 * the turns that it has and fills them by priority, equals in the order in which they stand, so that none passes another by its words. Pure.
 */
export function inOwnersOrder<T>(items: readonly T[], ownedOf: (item: T) => Owned): readonly T[] {
  const own = new Map<string, { readonly item: T; readonly priority: number }[]>();
  // From the last to the first, so that whose turn it is stands at the end.
  for (const item of items.toReversed()) {
    const { organizationId, priority } = ownedOf(item);
    const entries = own.get(organizationId);
    if (entries) entries.push({ item, priority });
    else own.set(organizationId, [{ item, priority }]);
  }
  for (const entries of own.values()) entries.sort((one, other) => one.priority - other.priority);
  return items.map((item) => own.get(ownedOf(item).organizationId)?.pop()?.item ?? item);
}
