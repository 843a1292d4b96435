import type { Writable } from "node:stream";
import pg from "pg";
import type { RealConnection } from "./postgres";

/** How long a statement may take before somebody looks whether it waits for a lock. A slow one is looked at and waited for. */
const LOOK_FOR_LOCKS_MS = 4;
const SAVEPOINT = "sim_before_wait";

export interface Outcome {
  readonly error: Error | null;
  readonly result: pg.QueryResult | null;
}

/** A statement on its way to the database. */
export interface Sending {
  readonly connection: RealConnection;
  /** What begins its transaction, where it is the first one of it: both leave together. */
  readonly opening: string | null;
  readonly config: pg.QueryConfig & { rowMode?: "array" };
  readonly inTransaction: boolean;
  /** False when the process that asked is gone: nobody needs the statement any more. */
  readonly wanted: () => boolean;
  readonly done: (outcome: Outcome) => void;
}

interface Waiter extends Sending {
  blockers: ReadonlySet<number>;
  /** The statement itself, where it stands in the database and waits; null where it was called back and will be sent again. */
  standing: Promise<Outcome> | null;
}

/**
 * Who waits for whose lock. Postgres lets those who wait for one row race for it when it becomes free; here they get it in the
 * order in which they came. One of them stands in the database, as it would; whoever comes to wait beside it is called back to
 * where its statement began and is sent again when a transaction has ended. A circle ends at once, with whoever closes it.
 */
export class LockQueue {
  private readonly waiters: Waiter[] = [];
  private monitor: pg.Client | null = null;
  blocked = 0;

  constructor(
    private readonly ownerUrl: string,
    /** Connections of this simulation: nobody else's locks last. */
    private readonly isOurs: (pid: number) => boolean,
  ) {}

  get size(): number {
    return this.waiters.length;
  }

  /** Sends a statement; `done` is called when it is answered, which is later than this returns when it has to wait. */
  async send(sending: Sending): Promise<void> {
    const freed = await this.attempt(sending, this.waiters.length);
    if (freed) await this.look();
  }

  /** After locks became free: whoever waited for them goes on. */
  async look(): Promise<void> {
    for (let again = this.waiters.length > 0; again; ) {
      again = false;
      // Whoever stands in the database goes on by itself as soon as it can: it is heard first.
      for (const waiter of [...this.waiters].sort((a, b) => Number(b.standing !== null) - Number(a.standing !== null))) {
        const at = this.waiters.indexOf(waiter);
        if (at < 0) continue;
        if (waiter.standing) {
          const freed = await this.stand(waiter, waiter.standing, at);
          again ||= freed;
          continue;
        }
        this.waiters.splice(at, 1);
        if (!waiter.wanted()) {
          waiter.done({ error: new Error("nobody waits for it any more"), result: null });
          continue;
        }
        if (waiter.inTransaction) await waiter.connection.client.query(`rollback to savepoint ${SAVEPOINT}`);
        const freed = await this.attempt({ ...waiter, opening: null }, at);
        again ||= freed;
      }
    }
  }

  async close(): Promise<void> {
    await this.monitor?.end();
    this.monitor = null;
  }

  /** @returns whether it may have set locks free that others wait for. */
  private async attempt(sending: Sending, at: number): Promise<boolean> {
    const { connection, opening, config, inTransaction } = sending;
    const { client } = connection;
    const before = [...(opening === null ? [] : [opening]), ...(inTransaction && this.waiters.length > 0 ? [`savepoint ${SAVEPOINT}`] : [])];
    const work = inOneWrite(client, () => {
      const opened = before.map((text) => client.query(text));
      return Promise.all([client.query(config), ...opened]);
    }).then(
      ([result]): Outcome => ({ error: null, result: result as unknown as pg.QueryResult }),
      (error: unknown): Outcome => ({ error: error instanceof Error ? error : new Error(String(error)), result: null }),
    );
    return this.stand({ ...sending, blockers: new Set(), standing: null }, work, at);
  }

  private async stand(waiter: Waiter, work: Promise<Outcome>, at: number): Promise<boolean> {
    const outcome = await this.answered(waiter.connection.pid, work);
    if (!("blockers" in outcome)) {
      this.leave(waiter);
      waiter.done(outcome);
      return !waiter.inTransaction || outcome.error !== null || /^\s*rollback to/i.test(waiter.config.text);
    }
    waiter.blockers = outcome.blockers;
    if (waiter.standing === null) this.blocked += 1;
    if (this.closesCircle(waiter)) {
      await this.callBack(waiter, work);
      this.leave(waiter);
      waiter.done({ error: Object.assign(new Error("deadlock detected"), { code: "40P01" }), result: null });
      return true;
    }
    const alone = this.waiters.every((other) => other === waiter || other.standing === null);
    if (!alone) {
      const raced = await this.callBack(waiter, work);
      // It was let through before the word reached it.
      if (raced.error === null) {
        this.leave(waiter);
        waiter.done(raced);
        return !waiter.inTransaction;
      }
    }
    waiter.standing = alone ? work : null;
    if (!this.waiters.includes(waiter)) this.waiters.splice(at, 0, waiter);
    return false;
  }

  private leave(waiter: Waiter): void {
    const at = this.waiters.indexOf(waiter);
    if (at >= 0) this.waiters.splice(at, 1);
  }

  private async callBack(waiter: Waiter, work: Promise<Outcome>): Promise<Outcome> {
    await (await this.eye()).query("select pg_cancel_backend($1)", [waiter.connection.pid]);
    return work;
  }

  private closesCircle(waiter: Waiter): boolean {
    const seen = new Set<number>();
    const next = [...waiter.blockers];
    for (let pid = next.pop(); pid !== undefined; pid = next.pop()) {
      if (pid === waiter.connection.pid) return true;
      if (seen.has(pid)) continue;
      seen.add(pid);
      for (const other of this.waiters) if (other.connection.pid === pid) next.push(...other.blockers);
    }
    return false;
  }

  private async answered(pid: number, work: Promise<Outcome>): Promise<Outcome | { readonly blockers: ReadonlySet<number> }> {
    for (;;) {
      const outcome = await within(work, LOOK_FOR_LOCKS_MS);
      if (outcome) return outcome;
      const { rows } = await (await this.eye()).query<{ pids: number[] }>("select pg_blocking_pids($1) as pids", [pid]);
      const blockers = (rows[0]?.pids ?? []).filter((one) => this.isOurs(one));
      if (blockers.length > 0) return { blockers: new Set(blockers) };
    }
  }

  private async eye(): Promise<pg.Client> {
    if (this.monitor) return this.monitor;
    const monitor = new pg.Client({ connectionString: this.ownerUrl, application_name: "berth-sim-monitor" });
    monitor.on("error", () => undefined);
    await monitor.connect();
    this.monitor = monitor;
    return monitor;
  }
}

/** Null when it takes longer. */
function within(work: Promise<Outcome>, ms: number): Promise<Outcome | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ms);
    work.then((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    }, reject);
  });
}

/** The messages of one statement leave as one piece: each system call wakes the database. */
function inOneWrite<T>(client: pg.Client, ask: () => T): T {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Writable } }).connection;
  stream.cork();
  try {
    return ask();
  } finally {
    stream.uncork();
  }
}
