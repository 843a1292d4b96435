import { Column, entityKind, getTableColumns, Name, Param, sql, SQL, StringChunk, Table, type QueryWithTypings } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";

type SelectConfig = Parameters<PgDialect["buildSelectQuery"]>[0];

/**
 * Selections that begin with one column and are remembered. The statements of the house have a handful of each; whoever composes columns
 * anew each time would otherwise fill memory, and the list is searched from end to end.
 */
export const MOST_SELECTIONS = 16;

interface Selection {
  readonly columns: readonly Column[];
  readonly isSingleTable: boolean;
  readonly text: SQL;
}

/** A statement while it is written. */
interface Draft {
  text: string;
  readonly params: unknown[];
}

/**
 * Drizzle's dialect, which remembers how the columns of a selection are written, and writes the kinds of pieces that nearly every
 * statement consists of by itself. A loop reads the same rows every second, and most of what a statement cost was that its forty
 * columns were put into words again, and that each piece was compared with every class that a piece can be of.
 */
export class RememberingDialect extends PgDialect {
  private readonly selections = new WeakMap<Column, Selection[]>();
  /** Columns and tables as they are written inside of a statement. */
  private readonly names = new WeakMap<Column | Table, string>();

  /** How many selections that begin with this column are remembered. */
  rememberedOf(first: Column): number {
    return this.selections.get(first)?.length ?? 0;
  }

  /** What it does not know (subqueries, views, placeholders, parameters that are written out) is drizzle's own to write, from the beginning. */
  override sqlToQuery(statement: SQL, invokeSource?: "indexes"): QueryWithTypings {
    const draft: Draft = { text: "", params: [] };
    if (invokeSource === undefined && this.write(statement, draft)) return { sql: draft.text, params: draft.params };
    return super.sqlToQuery(statement, invokeSource);
  }

  private write(piece: unknown, draft: Draft): boolean {
    if (piece === undefined) return true;
    if (typeof piece !== "object" || piece === null) return writeParam(piece, draft);
    switch (classOf(piece)) {
      case StringChunk:
        draft.text += (piece as StringChunk).value.join("");
        return true;
      case SQL:
        return this.writeAll(piece as SQL, draft);
      case Param:
        return isPlain((piece as Param).value) && writeParam(encoded(piece as Param), draft);
      case Name:
        draft.text += this.escapeName((piece as Name).value);
        return true;
      case Array:
        return this.writeList(piece as unknown[], draft);
      default:
        if (piece instanceof Column || piece instanceof Table) draft.text += this.nameOf(piece);
        else return writeParam(piece, draft);
        return true;
    }
  }

  private writeAll(statement: SQL, draft: Draft): boolean {
    const { queryChunks, shouldInlineParams } = statement as unknown as Inlined;
    return !shouldInlineParams && queryChunks.every((chunk) => this.write(chunk, draft));
  }

  private writeList(pieces: readonly unknown[], draft: Draft): boolean {
    draft.text += "(";
    for (const [at, piece] of pieces.entries()) {
      if (at > 0) draft.text += ", ";
      if (!this.write(piece, draft)) return false;
    }
    draft.text += ")";
    return true;
  }

  private nameOf(named: Column | Table): string {
    const known = this.names.get(named);
    if (known !== undefined) return known;
    const name = super.sqlToQuery(sql`${named}`).sql;
    this.names.set(named, name);
    return name;
  }

  override buildSelectQuery(config: SelectConfig): SQL {
    if (config.fieldsFlat !== undefined) return super.buildSelectQuery(config);
    const columns: Column[] = [];
    const isPlain = collect(config.fields, columns);
    const [first] = columns;
    if (!isPlain || !first) return super.buildSelectQuery(config);
    const isSingleTable = !config.joins || config.joins.length === 0;
    const known = this.selections.get(first) ?? [];
    let selection = known.find((one) => one.isSingleTable === isSingleTable && isSame(one.columns, columns));
    if (!selection) {
      // Drizzle's own way, once: it looks whether the columns belong to the tables of the statement.
      super.buildSelectQuery(config);
      const { sql: text } = this.sqlToQuery(sql.join(columns.map((column) => (isSingleTable ? sql.identifier(column.name) : sql`${column}`)), sql`, `));
      selection = { columns, isSingleTable, text: sql.raw(text) };
      this.selections.set(first, [...known, selection].slice(-MOST_SELECTIONS));
    }
    return super.buildSelectQuery({ ...config, fieldsFlat: [{ path: ["columns"], field: selection.text }] });
  }
}

/** A part of a statement; drizzle keeps to itself whether values are written out in it. */
interface Inlined {
  readonly queryChunks: readonly unknown[];
  readonly shouldInlineParams: boolean;
}

/** A value, and not something that is written as a part of the statement. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  const kind = classOf(value);
  return typeof kind !== "function" || (!(entityKind in kind) && typeof (value as { getSQL?: unknown }).getSQL !== "function");
}

/** Asked of the prototype: a subquery answers every other question with its columns. */
function classOf(value: object): unknown {
  return (Object.getPrototypeOf(value) as object | null)?.constructor;
}

function encoded({ value, encoder }: Param): unknown {
  return value === null ? null : encoder.mapToDriverValue(value);
}

function writeParam(value: unknown, draft: Draft): boolean {
  if (!isPlain(value)) return false;
  draft.params.push(value);
  draft.text += `$${draft.params.length}`;
  return true;
}

/** Puts the columns into `columns` in the order in which they are selected; false where something else than a column is. */
function collect(fields: object, columns: Column[]): boolean {
  for (const field of Object.values(fields) as unknown[]) {
    if (field instanceof Column) columns.push(field);
    else if (field instanceof Table) {
      if (!collect(getTableColumns(field), columns)) return false;
    } else if (typeof field !== "object" || field === null || Object.getPrototypeOf(field) !== Object.prototype || !collect(field, columns)) return false;
  }
  return true;
}

function isSame(known: readonly Column[], asked: readonly Column[]): boolean {
  return known.length === asked.length && known.every((column, at) => column === asked[at]);
}
