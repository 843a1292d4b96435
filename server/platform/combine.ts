import type { Database } from "@/db/client";

/** Queues whose first piece of work waits for the turn of the event loop to end. */
let waitingForTurn = 0;

/** Whether some work has yet to begin at the end of this turn of the event loop; a simulated clock stands still until it has. */
export function isTurnAwaited(): boolean {
  return waitingForTurn > 0;
}

/** What became of one piece of combined work. */
export type Outcome<Out> = { readonly ok: true; readonly value: Out } | { readonly ok: false; readonly error: unknown };

interface Waiting<In, Out> {
  readonly input: In;
  readonly resolve: (value: Out) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: calls with the same key that arrive while another one of that key is at work wait and are then done together,
 * because they would queue for the same locked rows anyway, each with its own round trips and its own flush to disk.
 * A call that comes alone waits for nobody. Everything is lost together with the process, as the single calls would be.
 */
export class Combiner<In, Out> {
  /** By database, because tests and simulations have several in one process. */
  readonly #queues = new WeakMap<Database, Map<string, Waiting<In, Out>[]>>();
  readonly #work: (inputs: readonly In[]) => Promise<readonly Outcome<Out>[]>;
  readonly #mostTogether: number;

  /** `work` answers one outcome for each input, in their order; what it throws is everybody's error. */
  constructor(options: { readonly mostTogether: number; readonly work: (inputs: readonly In[]) => Promise<readonly Outcome<Out>[]> }) {
    this.#work = options.work;
    this.#mostTogether = options.mostTogether;
  }

  /** Does one piece of work, together with others of its key where there are any. */
  run(database: Database, key: string, input: In): Promise<Out> {
    const queues = this.#queues.get(database) ?? new Map<string, Waiting<In, Out>[]>();
    this.#queues.set(database, queues);
    return new Promise<Out>((resolve, reject) => {
      const waiting = { input, resolve, reject };
      const queue = queues.get(key);
      if (queue) {
        queue.push(waiting);
        return;
      }
      const fresh = [waiting];
      queues.set(key, fresh);
      // The turn of the event loop ends first: what arrived in it goes together from the start.
      waitingForTurn += 1;
      setImmediate(() => {
        waitingForTurn -= 1;
        void this.#drain(fresh, () => queues.delete(key));
      });
    });
  }

  /** `done` runs in the same step in which the queue was seen empty, so that no call is left behind in it. */
  async #drain(queue: Waiting<In, Out>[], done: () => void): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, this.#mostTogether);
      try {
        const outcomes = await this.#work(batch.map(({ input }) => input));
        for (const [index, waiting] of batch.entries()) {
          const outcome = outcomes[index];
          if (outcome?.ok) waiting.resolve(outcome.value);
          else waiting.reject(outcome ? outcome.error : new Error("combined work left an input without an outcome"));
        }
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    done();
  }
}
