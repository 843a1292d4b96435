import { getTableColumns, getTableName, sql, type SQL } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";

/**
 * One INSERT of many rows whose values travel as one JSON parameter: the statement's text does not grow with the rows, so
 * that building and parsing it cost the same for one row and for fifty. All rows name the same columns; a column that
 * none names takes its default. Moments travel as ISO 8601, jsonb as it is.
 */
export function insertRows<T extends PgTable>(table: T, rows: readonly T["$inferInsert"][]): SQL {
  const [first] = rows;
  if (!first) throw new Error(`An insert into ${getTableName(table)} without rows was asked for.`);
  const columns = Object.entries(getTableColumns(table)).filter(([key]) => key in first);
  const names = sql.join(columns.map(([, column]) => sql.identifier(column.name)), sql`, `);
  const values = rows.map((row) => Object.fromEntries(columns.map(([key, column]) => [column.name, Reflect.get(row, key) ?? null])));
  return sql`insert into ${table} (${names}) select ${names} from json_populate_recordset(null::${table}, ${JSON.stringify(values)}::json)`;
}
