/** What waits for its moment. Of two with the same moment the one with the lower order comes first. */
export interface Due {
  dueMs: number;
  readonly order: number;
  cancelled: boolean;
}

/** A binary heap by moment and order; cancelled entries are dropped when they come to the front. */
export class DueQueue<E extends Due> {
  private readonly heap: E[] = [];

  /** Everything in it, cancelled or not, in no order. */
  get entries(): readonly E[] {
    return this.heap;
  }

  peek(): E | undefined {
    while (this.heap[0]?.cancelled) this.pop();
    return this.heap[0];
  }

  push(entry: E): void {
    const heap = this.heap;
    heap.push(entry);
    let at = heap.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || before(parent, entry)) break;
      heap[at] = parent;
      heap[above] = entry;
      at = above;
    }
  }

  pop(): E | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const below = right && left && before(right, left) ? 2 * at + 2 : 2 * at + 1;
      const child = heap[below];
      if (!child || before(last, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Due, b: Due): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
