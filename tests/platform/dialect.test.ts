import { and, asc, eq, getTableColumns, inArray, is, isNull, sql } from "drizzle-orm";
import { alias, PgDialect, PgTable, QueryBuilder } from "drizzle-orm/pg-core";
import { describe, expect, it } from "vitest";
import { MOST_SELECTIONS, RememberingDialect } from "@/db/dialect";
import * as computeSchema from "@/db/schema/compute";
import * as fleetSchema from "@/db/schema/fleet";

const { allocation, cluster, host } = fleetSchema;
const ours = new QueryBuilder(new RememberingDialect());
const plain = new QueryBuilder(new PgDialect());
type Build = (builder: typeof plain) => { toSQL(): { readonly sql: string; readonly params: readonly unknown[] } };

/** Asked twice: the second time is the remembered one. */
function expectSame(build: Build): void {
  const wanted = build(plain).toSQL();
  for (let time = 0; time < 2; time++) expect(build(ours).toSQL()).toEqual(wanted);
}

const exported: readonly unknown[] = [...Object.values(fleetSchema), ...Object.values(computeSchema)];
const TABLES = exported.filter((one): one is PgTable => is(one, PgTable));

describe("the dialect that remembers selections writes what drizzle writes", () => {
  it.each(TABLES.map((table) => [table] as const))("of a whole table", (table) => {
    expectSame((builder) => builder.select().from(table));
  });

  it("with conditions, orders and parts of a table", () => {
    expectSame((builder) => builder.select().from(host).where(and(eq(host.clusterId, "cls_1"), eq(host.state, "up"))).orderBy(asc(host.name)).limit(3));
    expectSame((builder) => builder.select({ id: host.id }).from(host).for("update", { skipLocked: true }));
    expectSame((builder) => builder.select({ id: host.id, name: host.name }).from(host));
    expectSame((builder) => builder.selectDistinct({ name: host.name }).from(host));
  });

  it("of joined tables, with and without their names before the columns", () => {
    const joined: Build = (builder) => builder.select({ cluster, place: { id: allocation.instanceId, epoch: allocation.epoch }, host }).from(cluster).leftJoin(allocation, eq(allocation.clusterId, cluster.id)).leftJoin(host, eq(host.id, allocation.hostId));
    expectSame(joined);
    expectSame((builder) => builder.select(getTableColumns(cluster)).from(cluster));
    expectSame((builder) => builder.select(getTableColumns(cluster)).from(cluster).innerJoin(host, eq(host.clusterId, cluster.id)));
  });

  it("of what is no column, and of tables under another name", () => {
    expectSame((builder) => builder.select({ count: sql<number>`count(*)::int`, name: host.name }).from(host).groupBy(host.name));
    for (const named of ["a", "b"]) {
      const other = alias(host, named);
      expectSame((builder) => builder.select({ host, other }).from(host).innerJoin(other, eq(other.clusterId, host.clusterId)));
      expectSame((builder) => builder.select().from(other));
    }
  });

  it("of more selections than it remembers, also of those that it has forgotten", () => {
    const fields = Object.entries(getTableColumns(host)).filter(([name]) => name !== "id").slice(0, MOST_SELECTIONS + 4);
    expect(fields).toHaveLength(MOST_SELECTIONS + 4);
    for (const [name, column] of [...fields, ...fields]) expectSame((builder) => builder.select({ id: host.id, [name]: column }).from(host));
    // One more way of writing the same columns is what it remembers; of so many it keeps the last ones.
    const dialect = new RememberingDialect();
    const builder = new QueryBuilder(dialect);
    for (const [name, column] of fields) builder.select({ id: host.id, [name]: column }).from(host).toSQL();
    expect(dialect.rememberedOf(host.id)).toBe(MOST_SELECTIONS);
  });

  it("with values of every kind, lists, parts that are left out, and statements inside of statements", () => {
    const inner = (builder: typeof plain) => builder.select({ id: cluster.id }).from(cluster).where(eq(cluster.name, "one")).$dynamic();
    expectSame((builder) => builder.select().from(host).where(and(inArray(host.name, ["a", "b"]), undefined, eq(host.lastSeenAt, new Date(7)), isNull(host.silentSince), sql`${host.cores} = any(${sql.param([1, 2])}) and ${null}::text is null`)));
    expectSame((builder) => builder.select().from(host).where(inArray(host.clusterId, inner(builder))));
    expectSame((builder) => builder.select().from(host).where(eq(host.name, sql.placeholder("name"))));
    expectSame((builder) => builder.select({ first: sql`${1}::int`.inlineParams(), name: sql<string>`upper(${host.name})`.as("name") }).from(host).orderBy(sql`name`));
    const ones = plain.select({ id: cluster.id }).from(cluster).where(eq(cluster.name, "one")).as("ones");
    expectSame((builder) => builder.with(builder.$with("these").as(inner(builder))).select({ id: ones.id }).from(ones).where(sql`${ones.id} = ${"x"} and ${[1, "b", host.name]} is not null`));
    expectSame((builder) => inner(builder).union(inner(builder)));
  });

  it("and refuses a column of a table that is not asked, as drizzle does", () => {
    expect(() => ours.select({ id: allocation.instanceId }).from(host).toSQL()).toThrow("not part of the query");
  });
});
