import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId, type Words } from "../columns";
import { METERS, TAX_CATEGORIES } from "./catalog";
import { organization } from "./tenancy";

export const INVOICE_STATUSES = ["parked", "issued", "paid", "void"] as const;
export const INVOICE_KINDS = ["period", "manual"] as const;
export const LINE_KINDS = ["usage", "increment", "minimum", "cap", "tier", "included", "commitment-fee", "commitment-coverage", "movable-discount", "coupon", "credit", "adjustment", "manual"] as const;
/**
 * Positive amounts are owed to us, negative ones settle. `invoice` +, `payment` -, `refund` +, `dispute` + (a charge taken
 * back), `dispute-won` -, `credit-note` -, `void` -, `write-off` -, `balance-applied` (a pair that sums to nothing: money
 * held in advance goes to an invoice).
 */
export const LEDGER_KINDS = ["invoice", "payment", "refund", "dispute", "dispute-won", "credit-note", "void", "write-off", "balance-applied"] as const;
export const CREDIT_KINDS = ["promotional", "goodwill", "sla", "trial"] as const;

/** Who sends invoices. Numbers run without gaps for each issuer; the first row is made with the schema. */
export const issuer = pgTable("issuer", {
  id: id(),
  legalName: text("legal_name").notNull(),
  address: text("address").notNull().default(""),
  /** ISO 3166 alpha-2. */
  country: text("country").notNull().default("JP"),
  /** Japanese qualified invoice issuer: T and 13 digits; null: none, then no invoice claims to be a qualified one. */
  registrationNumber: text("registration_number"),
  numberPrefix: text("number_prefix").notNull().default("B-"),
  creditNotePrefix: text("credit_note_prefix").notNull().default("C-"),
  /** The next numbers; raised in the transaction that uses them, so that none is lost. */
  nextInvoice: bigCount("next_invoice").notNull().default(1),
  nextCreditNote: bigCount("next_credit_note").notNull().default(1),
  paymentTermDays: count("payment_term_days").notNull().default(14),
  /** Where money can be sent by hand, as it stands on invoices; empty: nothing is said. */
  bankText: text("bank_text").notNull().default(""),
  updatedAt: moment("updated_at").notNull(),
});

/** How an organization wants its invoices; without a row the organization's name alone is used. */
export const billingProfile = pgTable("billing_profile", {
  organizationId: organizationId().primaryKey().references(() => organization.id),
  legalName: text("legal_name").notNull(),
  address: text("address").notNull().default(""),
  country: text("country").notNull().default("JP"),
  billingEmail: text("billing_email"),
  taxId: text("tax_id"),
  updatedAt: moment("updated_at").notNull(),
});

export interface TaxTotal {
  /** Hundredths of a percent: 1000 = 10 %. */
  readonly rateBasisPoints: number;
  readonly netMinor: number;
  readonly taxMinor: number;
}

export interface Party {
  readonly name: string;
  readonly address: string;
  readonly country: string;
  readonly registrationNumber: string | null;
  /** Of a seller: where money can be sent by hand. */
  readonly bankText?: string;
}

/** A draft is computed from usage whenever it is read; a row is written when a period is issued, and frozen by a trigger. */
export const invoice = pgTable(
  "invoice",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    issuerId: text("issuer_id").notNull().default("iss_default").references(() => issuer.id),
    kind: text("kind", { enum: INVOICE_KINDS }).notNull().default("period"),
    /** Null while parked: a number is given when it is issued, so that there are no gaps. */
    number: text("number"),
    currency: text("currency").notNull(),
    periodStart: moment("period_start").notNull(),
    periodEnd: moment("period_end").notNull(),
    /** `paid` follows the ledger: nothing is open any more. */
    status: text("status", { enum: INVOICE_STATUSES }).notNull(),
    /** Net, tax and total in the currency's minor unit; subtotal = sum of lines + rounding. */
    subtotalMinor: bigCount("subtotal_minor").notNull().default(0),
    taxMinor: bigCount("tax_minor").notNull().default(0),
    totalMinor: bigCount("total_minor").notNull(),
    taxes: jsonb("taxes").$type<TaxTotal[]>().notNull().default([]),
    roundingMicros: bigCount("rounding_micros").notNull(),
    seller: jsonb("seller").$type<Party>(),
    buyer: jsonb("buyer").$type<Party>(),
    /** For a parked one: when it was parked, until it is released. */
    issuedAt: moment("issued_at").notNull(),
    dueAt: moment("due_at"),
    parkedReason: text("parked_reason"),
    /** The same as codes with figures; null in rows of before. */
    parkedWords: jsonb("parked_words").$type<Words[]>(),
    voidedAt: moment("voided_at"),
    voidReason: text("void_reason"),
    /** Set in the transaction that makes it, after its lines: from then on no line is added. */
    sealedAt: moment("sealed_at"),
  },
  (t) => [
    uniqueIndex("invoice_period").on(t.organizationId, t.periodStart).where(sql`status <> 'void' and kind = 'period'`),
    uniqueIndex("invoice_number").on(t.issuerId, t.number),
    index("invoice_organization").on(t.organizationId, t.issuedAt),
    index("invoice_open").on(t.dueAt).where(sql`status = 'issued'`),
    check("invoice_status", oneOf(t.status, INVOICE_STATUSES)),
    check("invoice_sum", sql`${t.totalMinor} = ${t.subtotalMinor} + ${t.taxMinor}`),
    check("invoice_numbered", sql`(${t.status} = 'parked') = (${t.number} is null) or ${t.status} = 'void'`),
  ],
);

export const invoiceLine = pgTable(
  "invoice_line",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    invoiceId: text("invoice_id").notNull().references(() => invoice.id),
    position: count("position").notNull(),
    kind: text("kind", { enum: LINE_KINDS }).notNull().default("usage"),
    /** Stable name of the line within its invoice. */
    key: text("key").notNull().default(""),
    meter: text("meter"),
    resourceId: text("resource_id"),
    instanceId: text("instance_id"),
    flavorId: text("flavor_id"),
    priceVersionId: text("price_version_id"),
    /** Commitment, coupon, credit grant or adjustment that the line comes from. */
    reference: text("reference"),
    description: jsonb("description").$type<Record<string, unknown>>().notNull(),
    /** Unit-milliseconds: milliseconds of use times the quantity in use. */
    quantityUnitMs: bigCount("quantity_unit_ms").notNull(),
    microsPerHour: bigCount("micros_per_hour"),
    amountMicros: bigCount("amount_micros").notNull(),
    taxRateBasisPoints: count("tax_rate_basis_points").notNull().default(0),
    windowIds: jsonb("window_ids").$type<string[]>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    index("invoice_line_invoice").on(t.invoiceId, t.position),
    index("invoice_line_reference").on(t.reference),
    check("invoice_line_quantity", sql`${t.quantityUnitMs} >= 0`),
    check("invoice_line_kind", oneOf(t.kind, LINE_KINDS)),
  ],
);

/** Append-only (trigger). The balance of an organization is the sum; what an invoice has open is the sum of its entries. */
export const ledgerEntry = pgTable(
  "ledger_entry",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    at: moment("at").notNull(),
    kind: text("kind", { enum: LEDGER_KINDS }).notNull(),
    currency: text("currency").notNull(),
    /** Minor units of the currency, signed: positive is owed to us. */
    amountMinor: bigCount("amount_minor").notNull(),
    invoiceId: text("invoice_id").references(() => invoice.id),
    creditNoteId: text("credit_note_id"),
    /** What it is in the outside world: a payment's, refund's or dispute's id, or a word of ours. */
    reference: text("reference").notNull(),
    idempotencyKey: text("idempotency_key").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [
    uniqueIndex("ledger_entry_key").on(t.idempotencyKey),
    index("ledger_entry_organization").on(t.organizationId, t.at),
    index("ledger_entry_invoice").on(t.invoiceId),
    check("ledger_entry_kind", oneOf(t.kind, LEDGER_KINDS)),
    check("ledger_entry_amount", sql`${t.amountMinor} <> 0`),
    check(
      "ledger_entry_sign",
      sql`case when ${t.kind} in ('invoice', 'refund', 'dispute') then ${t.amountMinor} > 0 when ${t.kind} in ('payment', 'dispute-won', 'credit-note', 'void', 'write-off') then ${t.amountMinor} < 0 else true end`,
    ),
  ],
);

/** A correction of an issued invoice; never changed (trigger), and never more than the invoice. */
export const creditNote = pgTable(
  "credit_note",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    issuerId: text("issuer_id").notNull().default("iss_default").references(() => issuer.id),
    invoiceId: text("invoice_id").notNull().references(() => invoice.id),
    number: text("number").notNull(),
    currency: text("currency").notNull(),
    reason: text("reason").notNull(),
    netMinor: bigCount("net_minor").notNull(),
    taxMinor: bigCount("tax_minor").notNull(),
    totalMinor: bigCount("total_minor").notNull(),
    taxes: jsonb("taxes").$type<TaxTotal[]>().notNull(),
    issuedAt: moment("issued_at").notNull(),
    createdBy: text("created_by").notNull(),
    idempotencyKey: text("idempotency_key").notNull(),
  },
  (t) => [uniqueIndex("credit_note_number").on(t.issuerId, t.number), uniqueIndex("credit_note_key").on(t.idempotencyKey), index("credit_note_invoice").on(t.invoiceId), check("credit_note_positive", sql`${t.totalMinor} > 0 and ${t.netMinor} >= 0 and ${t.taxMinor} >= 0`)],
);

/** Money that we give away: it lowers the net amount of later invoices, before tax, until it is used or expires. */
export const creditGrant = pgTable(
  "credit_grant",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    kind: text("kind", { enum: CREDIT_KINDS }).notNull(),
    currency: text("currency").notNull(),
    amountMicros: bigCount("amount_micros").notNull(),
    reason: text("reason").notNull(),
    /** What it is for: an incident, a campaign. */
    reference: text("reference"),
    /** Lower is used first, among grants that expire at the same time. */
    priority: count("priority").notNull().default(100),
    validFrom: moment("valid_from").notNull(),
    expiresAt: moment("expires_at"),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
    idempotencyKey: text("idempotency_key").notNull(),
    voidedAt: moment("voided_at"),
  },
  (t) => [
    uniqueIndex("credit_grant_key").on(t.idempotencyKey),
    index("credit_grant_organization").on(t.organizationId),
    check("credit_grant_kind", oneOf(t.kind, CREDIT_KINDS)),
    check("credit_grant_positive", sql`${t.amountMicros} > 0 and (${t.expiresAt} is null or ${t.expiresAt} > ${t.validFrom})`),
  ],
);

/** What of a grant went to which invoice; append-only. A void invoice gives it back in a row of its own. */
export const creditUse = pgTable(
  "credit_use",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    grantId: text("grant_id").notNull().references(() => creditGrant.id),
    invoiceId: text("invoice_id").notNull().references(() => invoice.id),
    kind: text("kind", { enum: ["use", "return"] }).notNull(),
    amountMicros: bigCount("amount_micros").notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.grantId, t.invoiceId, t.kind] })],
);

/** An amount reserved for a time at a price of its own. What was agreed stays (trigger). */
export const commitment = pgTable(
  "commitment",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    meter: text("meter", { enum: METERS }).notNull(),
    flavorId: text("flavor_id"),
    units: count("units").notNull(),
    currency: text("currency").notNull(),
    microsPerHour: bigCount("micros_per_hour").notNull(),
    taxCategory: text("tax_category", { enum: TAX_CATEGORIES }).notNull().default("standard"),
    startsAt: moment("starts_at").notNull(),
    endsAt: moment("ends_at").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [index("commitment_organization").on(t.organizationId, t.startsAt), check("commitment_figures", sql`${t.units} > 0 and ${t.microsPerHour} >= 0 and ${t.startsAt} < ${t.endsAt}`)],
);

/** A redeemed coupon or trial: what it takes off and when. What it took is in the invoices' lines. */
export const discount = pgTable(
  "discount",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    couponId: text("coupon_id").notNull(),
    code: text("code").notNull(),
    kind: text("kind", { enum: ["trial", "percent"] }).notNull(),
    basisPoints: count("basis_points").notNull(),
    meters: jsonb("meters").$type<(typeof METERS)[number][]>(),
    currency: text("currency").notNull(),
    maxMicros: bigCount("max_micros"),
    startsAt: moment("starts_at").notNull(),
    endsAt: moment("ends_at").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [uniqueIndex("discount_once").on(t.organizationId, t.couponId), check("discount_figures", sql`${t.basisPoints} between 1 and 10000 and ${t.startsAt} < ${t.endsAt}`)],
);

/** What an organization wants to spend in a period (net, minor units), when to be told, and whether to be stopped there. */
export const budget = pgTable(
  "budget",
  {
    organizationId: organizationId().primaryKey().references(() => organization.id),
    amountMinor: bigCount("amount_minor").notNull(),
    currency: text("currency").notNull(),
    thresholdsPercent: jsonb("thresholds_percent").$type<number[]>().notNull(),
    hardCap: boolean("hard_cap").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (t) => [check("budget_amount", sql`${t.amountMinor} > 0`)],
);

/** Somebody was told, once a period and threshold. */
export const budgetAlert = pgTable(
  "budget_alert",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    periodStart: moment("period_start").notNull(),
    thresholdPercent: count("threshold_percent").notNull(),
    spentMinor: bigCount("spent_minor").notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.organizationId, t.periodStart, t.thresholdPercent] })],
);

/** Keys that sign evidence. The private half is the provider's; a retired key still verifies what it signed. */
export const signingKey = pgTable("signing_key", {
  id: id(),
  /** Ed25519, PEM. */
  publicKey: text("public_key").notNull(),
  privateKey: text("private_key").notNull(),
  createdAt: createdAt(),
  retiredAt: moment("retired_at"),
});

/** What an invoice was computed from and what came out, signed when it was made; never changed (trigger). */
export const invoiceEvidence = pgTable("invoice_evidence", {
  invoiceId: text("invoice_id").primaryKey().references(() => invoice.id),
  organizationId: organizationId().notNull().references(() => organization.id),
  /** The file as it is handed out, byte for byte. */
  document: text("document").notNull(),
  createdAt: createdAt(),
});
