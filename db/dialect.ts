import { Column, getTableColumns, sql, Table, type SQL } from "drizzle-orm";
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

/**
 * Drizzle's dialect, which remembers how the columns of a selection are written. A loop reads the same rows every second, and
 * most of what a statement cost was that its forty columns were put into words again.
 */
export class RememberingDialect extends PgDialect {
  private readonly selections = new WeakMap<Column, Selection[]>();

  /** How many selections that begin with this column are remembered. */
  rememberedOf(first: Column): number {
    return this.selections.get(first)?.length ?? 0;
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
