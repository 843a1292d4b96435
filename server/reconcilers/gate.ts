/** Lets so many pieces of work through at once for each key; the others wait in order. */
export class Gate {
  private readonly inside = new Map<string, number>();
  private readonly queues = new Map<string, (() => void)[]>();

  constructor(private readonly limit: number) {}

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if ((this.inside.get(key) ?? 0) >= this.limit) {
      await new Promise<void>((resolve) => {
        const queue = this.queues.get(key) ?? [];
        this.queues.set(key, queue);
        queue.push(resolve);
      });
    } else {
      this.inside.set(key, (this.inside.get(key) ?? 0) + 1);
    }
    try {
      return await work();
    } finally {
      // The place goes to the next in line, or is free again.
      const next = this.queues.get(key)?.shift();
      if (next) next();
      else {
        const left = (this.inside.get(key) ?? 1) - 1;
        if (left === 0) this.inside.delete(key);
        else this.inside.set(key, left);
        this.queues.delete(key);
      }
    }
  }
}
