import { sql } from "drizzle-orm";
import { check, index, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, organizationId } from "../columns";
import { organization } from "./tenancy";

/** A draft is computed from usage windows whenever it is read; a row is written when a period is issued. */
export const invoice = pgTable(
  "invoice",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    number: text("number"),
    currency: text("currency").notNull(),
    periodStart: moment("period_start").notNull(),
    periodEnd: moment("period_end").notNull(),
    status: text("status", { enum: ["issued", "paid", "void"] }).notNull(),
    /** In the currency's minor unit. */
    totalMinor: bigCount("total_minor").notNull(),
    roundingMicros: bigCount("rounding_micros").notNull(),
    issuedAt: moment("issued_at").notNull(),
  },
  (t) => [uniqueIndex("invoice_period").on(t.organizationId, t.periodStart).where(sql`status <> 'void'`)],
);

export const invoiceLine = pgTable(
  "invoice_line",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    invoiceId: text("invoice_id").notNull().references(() => invoice.id),
    position: count("position").notNull(),
    priceVersionId: text("price_version_id").notNull(),
    description: jsonb("description").$type<Record<string, unknown>>().notNull(),
    /** Unit-milliseconds: milliseconds of use times the quantity in use. */
    quantityUnitMs: bigCount("quantity_unit_ms").notNull(),
    amountMicros: bigCount("amount_micros").notNull(),
    windowIds: jsonb("window_ids").$type<string[]>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [index("invoice_line_invoice").on(t.invoiceId, t.position), check("invoice_line_quantity", sql`${t.quantityUnitMs} >= 0`)],
);
