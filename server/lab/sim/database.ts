import pg from "pg";
import { databaseOn, type Database } from "@/db/client";
import { WAKE_CHANNEL } from "@/server/platform/wake";
import type { RealConnection, Role, SimPostgres } from "./postgres";
import type { SimProcess } from "./process";
import type { StatementFacts } from "./statements";

/** What can happen to a statement on its way. */
export type StatementFault = "none" | "connection-lost" | "reply-lost";

export interface DatabaseOptions {
  readonly process: SimProcess;
  readonly postgres: SimPostgres;
  readonly role: Role;
  /** Virtual milliseconds until a statement reaches the database. */
  readonly latencyMs: () => number;
  /** Drawn for each statement that is really sent. */
  readonly fault: (text: string) => StatementFault;
  /** Names of loops that a committed transaction woke. */
  readonly onWake: (loops: readonly string[]) => void;
  /** Rewrites statements on their way: a bug that is planted from outside. */
  readonly bend?: (text: string) => string;
  /** Hears of every statement that arrives, with its values as JSON, and of what the database answered where it was really asked, for the trace. */
  readonly onStatement?: (facts: StatementFacts, values: string) => void;
  readonly onAnswer?: (error: Error | null, rows: readonly unknown[]) => void;
  /** Stands around every commit that writes more than that a worker lives. */
  readonly onCommit?: (act: () => Promise<void>) => Promise<void>;
  /** Answers may be kept from one asking to the next; off for roles whose rows depend on settings. */
  readonly keepAnswers: boolean;
}

interface Request {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly rowMode: "array" | undefined;
  readonly types: pg.CustomTypesConfig | undefined;
}

type Reply = (error: Error | null, result: pg.QueryResult | null) => void;

/** A database of one simulated process: drizzle on real connections, every answer of which passes through the scheduler. */
export function simDatabase(options: DatabaseOptions): Database & { readonly connections: SimConnections } {
  const connections = new SimConnections(options);
  const pool = new SimPool(connections);
  return Object.assign(databaseOn(pool), { connections });
}

/** Everything that a process has open; it is rolled back when the process dies. */
export class SimConnections {
  private readonly open = new Set<SimConnection>();

  constructor(readonly options: DatabaseOptions) {
    options.process.onDeath(() => this.drop());
  }

  connect(): SimConnection {
    const connection = new SimConnection(this.options);
    this.open.add(connection);
    return connection;
  }

  release(connection: SimConnection): void {
    this.open.delete(connection);
    connection.end();
  }

  /** All connections are lost at once: what was not committed is gone, and whoever uses one gets an error. */
  drop(): void {
    for (const connection of this.open) connection.lose();
    this.open.clear();
  }
}

class SimPool extends pg.Pool {
  constructor(private readonly connections: SimConnections) {
    super({ max: 1 });
    this.connect = (() => Promise.resolve(new SimClient(connections, connections.connect()))) as unknown as pg.Pool["connect"];
    this.query = ((config: unknown, values?: readonly unknown[]) => this.ask(config, values)) as unknown as pg.Pool["query"];
  }

  private async ask(config: unknown, values?: readonly unknown[]): Promise<pg.QueryResult> {
    const connection = this.connections.connect();
    try {
      return await connection.query(config, values);
    } finally {
      this.connections.release(connection);
    }
  }
}

/** What drizzle is given for a transaction. */
class SimClient {
  constructor(
    private readonly connections: SimConnections,
    private readonly connection: SimConnection,
  ) {}

  query(config: unknown, values?: readonly unknown[]): Promise<pg.QueryResult> {
    return this.connection.query(config, values);
  }

  release(): void {
    this.connections.release(this.connection);
  }
}

/** Written again and again while nothing happens. */
const SIGNS_OF_LIFE: ReadonlySet<string> = new Set(["loop_status", "loop_lease", "host", "usage_window", "usage_watermark", "usage_fact", "sample", "sample_counter"]);
const EMPTY = { command: "", rowCount: 0, oid: 0, fields: [], rows: [] } as unknown as pg.QueryResult;

/**
 * One connection of a process. A transaction is begun for real only when a statement needs it: a reader to whom kept
 * answers suffice costs the database nothing, and one that takes no lock has its moment from the order of steps.
 */
class SimConnection {
  private real: RealConnection | null = null;
  private lost = false;
  private ended = false;
  private beginText: string | null = null;
  private begun = false;
  private wrote = new Set<string>();
  private wakes: string[] = [];
  private busy = false;
  private ofOneMoment = false;
  private onlyReads = false;
  private moment: number | null = null;
  /** Resolved when the connection is gone: nobody waits for an answer on it. */
  private readonly gone: Promise<void>;
  private tellGone: () => void = () => undefined;

  constructor(private readonly options: DatabaseOptions) {
    this.gone = new Promise((resolve) => {
      this.tellGone = resolve;
    });
  }

  query(config: unknown, values?: readonly unknown[]): Promise<pg.QueryResult> {
    const asked = requestOf(config, values);
    const request = this.options.bend ? { ...asked, text: this.options.bend(asked.text) } : asked;
    const { process, postgres, latencyMs } = this.options;
    const facts = postgres.reader.read(request.text, request.values.length);
    return new Promise((resolve, reject) => {
      const reply: Reply = (error, result) => postgres.tell(() => process.deliver(() => (error ? reject(error) : resolve(result ?? EMPTY))));
      const serve = (): Promise<void> => postgres.step(() => this.serve(facts, request, reply));
      // What is read as of one moment is read in one go, so that a kept answer and a fresh one are of the same moment.
      if (this.ofOneMoment) process.scheduler.first(serve);
      else process.scheduler.schedule(latencyMs(), serve);
    });
  }

  end(): void {
    this.ended = true;
    this.giveBack();
  }

  /** The connection is gone; a transaction in it is rolled back by the database. */
  lose(): void {
    this.lost = true;
    this.tellGone();
    this.giveBack();
  }

  private giveBack(): void {
    const { real } = this;
    if (!real || this.busy) return;
    this.real = null;
    const { postgres, role, process } = this.options;
    if (this.begun) {
      this.begun = false;
      process.scheduler.schedule(0, () => postgres.abandon(role, real));
    } else postgres.give(role, real);
  }

  private async serve(facts: StatementFacts, request: Request, reply: Reply): Promise<void> {
    // The process died while its statement was on the way: nobody is there to send it.
    if (this.options.process.state === "dead") return;
    const valuesText = JSON.stringify(request.values);
    this.options.onStatement?.(facts, valuesText);
    if (this.lost) return reply(connectionLost(), null);
    switch (facts.kind) {
      case "begin":
        this.beginText = request.text;
        this.ofOneMoment = request.text.includes("repeatable read");
        this.onlyReads = request.text.includes("read only");
        this.moment = null;
        return reply(null, EMPTY);
      case "commit":
      case "rollback":
        return this.finish(facts, request, reply);
      case "notify":
      case "read":
      case "write":
        return this.ask(facts, request, valuesText, reply);
    }
  }

  private async ask(facts: StatementFacts, request: Request, valuesText: string, reply: Reply): Promise<void> {
    const { postgres, process, keepAnswers } = this.options;
    // Wakes are delivered by the simulation itself, when the transaction commits; nobody listens to the real channel.
    if (facts.kind === "notify") {
      this.wakes.push(...wakesOf(request));
      if (this.beginText === null) this.settle();
      return reply(null, EMPTY);
    }
    const keyed = keepAnswers && facts.kind === "read" && !facts.volatile && !facts.usesNow && this.wrote.size === 0;
    const key = keyed ? `${request.rowMode ?? ""}|${valuesText}` : "";
    const kept = keyed ? postgres.answer(facts, key) : null;
    if (kept) {
      this.moment ??= postgres.moment;
      return reply(null, kept);
    }
    if (this.ofOneMoment && !this.begun) {
      // The process stood still between two reads of one moment; the database would not have let it see two.
      if (this.moment !== null && this.moment !== postgres.moment) return reply(Object.assign(new Error("could not serialize access: the reader was overtaken"), { code: "40001" }), null);
      this.moment = postgres.moment;
    }
    const fault = this.options.fault(request.text);
    if (fault === "connection-lost") {
      this.lose();
      return reply(connectionLost(), null);
    }
    const woken = wakesOf(request);
    const values = facts.usesNow ? [...request.values, process.scheduler.now()] : [...request.values];
    const begins = !(this.onlyReads && facts.kind === "read" && !facts.volatile);
    await this.send(facts, { text: facts.text, values, rowMode: request.rowMode, types: request.types }, { begins, ends: false }, (error, result) => {
      if (error) return reply(error, null);
      if (result && !facts.ordered) inOneOrder(result.rows);
      if (facts.kind === "write") {
        for (const table of facts.tables) this.wrote.add(table);
        if (this.beginText === null) this.settle();
      }
      this.wakes.push(...woken);
      if (keyed && result) postgres.keep(facts, key, result);
      if (fault === "reply-lost") {
        this.lose();
        return reply(connectionLost(), null);
      }
      return reply(null, result);
    });
  }

  private async finish(facts: StatementFacts, request: Request, reply: Reply): Promise<void> {
    const { kind } = facts;
    const wasBegun = this.begun;
    this.beginText = null;
    this.ofOneMoment = false;
    if (!wasBegun) {
      this.settle();
      return reply(null, EMPTY);
    }
    const fault = kind === "commit" ? this.options.fault(request.text) : "none";
    if (fault === "connection-lost") {
      this.lose();
      return reply(connectionLost(), null);
    }
    const send = (): Promise<void> => this.send(facts, request, { begins: false, ends: true }, (error, result) => {
      this.begun = false;
      // A commit of a transaction that had failed is a rollback, and says so.
      if (kind === "commit" && !error && result?.command !== "ROLLBACK") this.settle();
      else {
        this.wrote.clear();
        this.wakes = [];
      }
      if (fault === "reply-lost") {
        this.lose();
        return reply(connectionLost(), null);
      }
      return reply(error, result);
    });
    const { onCommit } = this.options;
    if (kind === "commit" && onCommit && [...this.wrote].some((table) => !SIGNS_OF_LIFE.has(table))) await Promise.race([onCommit(send), this.gone]);
    else await send();
  }

  /** What was written holds now. */
  private settle(): void {
    const { postgres, onWake } = this.options;
    if (this.wrote.size > 0) postgres.changed(this.wrote);
    this.wrote = new Set();
    const woken = this.wakes;
    this.wakes = [];
    if (woken.length > 0) onWake(woken);
  }

  private async send(facts: StatementFacts, request: Request, { begins, ends }: { readonly begins: boolean; readonly ends: boolean }, done: Reply): Promise<void> {
    const { postgres, role } = this.options;
    this.real ??= await postgres.take(role);
    const real = this.real;
    const opening = begins && !this.begun ? this.beginText : null;
    if (opening !== null) this.begun = true;
    this.busy = true;
    const config = { text: request.text, values: [...request.values], ...(request.values.length > 0 ? { name: facts.name } : {}), ...(request.rowMode ? { rowMode: request.rowMode } : {}), ...(request.types ? { types: request.types } : {}) };
    await postgres.send({
      connection: real,
      opening,
      config,
      inTransaction: this.begun && !ends,
      wanted: () => !this.lost && !this.ended,
      done: ({ error, result }) => {
        this.busy = false;
        if (this.lost || this.ended) this.giveBack();
        done(this.lost ? connectionLost() : error, result);
        this.options.onAnswer?.(error, result?.rows ?? []);
      },
    });
  }
}

/** Rows that nobody asked an order of come as they lie in the table, which depends on when it was last tidied. */
function inOneOrder(rows: unknown[]): void {
  if (rows.length < 2) return;
  const keyed = rows.map((row) => ({ row, key: JSON.stringify(row) })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const [at, { row }] of keyed.entries()) rows[at] = row;
}

/** As node-postgres says it. */
function connectionLost(): Error {
  return Object.assign(new Error("Connection terminated unexpectedly"), { code: "08006" });
}

function requestOf(config: unknown, values?: readonly unknown[]): Request {
  if (typeof config === "string") return { text: config, values: values ?? [], rowMode: undefined, types: undefined };
  const { text, values: own, rowMode, types } = config as { text: string; values?: unknown[]; rowMode?: "array"; types?: pg.CustomTypesConfig };
  return { text, values: values ?? own ?? [], rowMode, types };
}

/** Loops that a `pg_notify` of the statement names: pairs of channel and payload, one after the other or as two arrays. */
function wakesOf(request: Request): string[] {
  if (!request.text.includes("pg_notify")) return [];
  const flat = request.values.flatMap((value, at) => {
    const next = request.values[at + 1];
    if (!Array.isArray(value)) return [[value, next]];
    return Array.isArray(next) ? value.map((channel: unknown, index) => [channel, next[index] as unknown]) : [];
  });
  return flat.filter(([channel]) => channel === WAKE_CHANNEL).map(([, loop]) => String(loop));
}
