import { sql } from "drizzle-orm";
import { check, index, pgTable, text } from "drizzle-orm/pg-core";
import { bigCount, moment, organizationId } from "../columns";
import { organization } from "./tenancy";

/**
 * A hard cap on what an organization spends in a period, net, in micros of its currency. What runs holds its price for a
 * reservation window ahead, so that one conditional statement decides whether one more may start.
 */
export const spendCap = pgTable(
  "spend_cap",
  {
    organizationId: organizationId().primaryKey().references(() => organization.id),
    capMicros: bigCount("cap_micros").notNull(),
    /** Used up to `as_of`. */
    spentMicros: bigCount("spent_micros").notNull().default(0),
    /** Held by what runs, from `as_of` on. */
    reservedMicros: bigCount("reserved_micros").notNull().default(0),
    asOf: moment("as_of").notNull(),
    periodEnd: moment("period_end").notNull(),
  },
  (t) => [check("spend_cap_figures", sql`${t.capMicros} > 0 and ${t.spentMicros} >= 0 and ${t.reservedMicros} >= 0`)],
);

/** What one running instance holds of the cap, and until when that lasts. */
export const spendReservation = pgTable(
  "spend_reservation",
  {
    instanceId: text("instance_id").primaryKey(),
    organizationId: organizationId().notNull().references(() => organization.id),
    microsPerHour: bigCount("micros_per_hour").notNull(),
    amountMicros: bigCount("amount_micros").notNull(),
    heldUntil: moment("held_until").notNull(),
  },
  (t) => [index("spend_reservation_organization").on(t.organizationId), check("spend_reservation_figures", sql`${t.microsPerHour} >= 0 and ${t.amountMicros} >= 0`)],
);
