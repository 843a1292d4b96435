import { createHash } from "node:crypto";

/** What the simulation has to know of a statement; found once for each text. */
export interface StatementFacts {
  /** A name for it, as prepared statements have one: the same for the same text in every run. */
  readonly name: string;
  readonly kind: "begin" | "commit" | "rollback" | "notify" | "read" | "write";
  /** Of a read, the tables that it looks at; of a write, those that it changes, by triggers and cascades too. */
  readonly tables: readonly string[];
  /** Takes locks or looks at the database's own clock: always asked anew. */
  readonly volatile: boolean;
  /** The same statement with the database's clock as its last parameter, where it looks at it. */
  readonly text: string;
  readonly usesNow: boolean;
  /** Its rows come in an order that it asked for, or there is at most one. */
  readonly ordered: boolean;
}

/** Reads statements of one schema. `follows` says which tables a change of a table changes too. */
export class StatementReader {
  private readonly known = new Map<string, StatementFacts>();
  private readonly pattern: RegExp;
  private readonly tables: ReadonlySet<string>;

  constructor(
    tables: readonly string[],
    private readonly follows: ReadonlyMap<string, readonly string[]>,
  ) {
    this.tables = new Set(tables);
    this.pattern = new RegExp(`\\b(${[...tables].sort((a, b) => b.length - a.length).join("|")})\\b`, "g");
  }

  read(text: string, parameters: number): StatementFacts {
    let facts = this.known.get(text);
    if (!facts) {
      facts = { name: `s${createHash("sha1").update(text).digest("hex").slice(0, 20)}`, ...this.facts(text, parameters) };
      this.known.set(text, facts);
    }
    return facts;
  }

  private facts(text: string, parameters: number): Omit<StatementFacts, "name"> {
    const head = text.trimStart().slice(0, 12).toLowerCase();
    if (head.startsWith("begin")) return plain("begin", text);
    if (head.startsWith("commit")) return plain("commit", text);
    if (head.startsWith("rollback") && !/to savepoint/i.test(text)) return plain("rollback", text);
    const named = new Set([...text.matchAll(this.pattern)].map((match) => match[1] ?? ""));
    if (named.size === 0 && /^\s*select\s+pg_notify\(/i.test(text)) return plain("notify", text);
    const changes = !/^\s*(select|with|savepoint|release|rollback)\b/i.test(text) || /\b(insert into|update|delete from)\s+"?[a-z_]+"?/i.test(text.replace(/for (no key )?update/gi, ""));
    const locks = /\bfor (no key )?(update|share)\b|\bfor key share\b|pg_advisory|set_config|pg_notify|nextval|savepoint/i.test(text);
    const usesNow = /\bnow\(\)/.test(text);
    const rewritten = usesNow ? text.replace(/\bnow\(\)/g, `($${parameters + 1}::timestamptz)`) : text;
    const changed = new Set([...text.matchAll(/\b(?:insert\s+into|update|delete\s+from)\s+(?:only\s+)?"?([a-z_]+)"?/gi)].map((match) => match[1] ?? "").filter((table) => this.tables.has(table)));
    const ordered = /\border\s+by\b/i.test(text);
    if (!changes) return { kind: "read", tables: [...named], volatile: locks, text: rewritten, usesNow, ordered };
    for (const table of Array.from(changed)) for (const also of this.follows.get(table) ?? []) changed.add(also);
    return { kind: "write", tables: [...(changed.size > 0 ? changed : named)], volatile: true, text: rewritten, usesNow, ordered };
  }
}

function plain(kind: StatementFacts["kind"], text: string): Omit<StatementFacts, "name"> {
  return { kind, tables: [], volatile: true, text, usesNow: false, ordered: true };
}
