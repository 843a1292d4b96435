import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId, type Words } from "../columns";
import { invoice } from "./billing";
import { organization } from "./tenancy";

export const LINK_KINDS = ["setup", "prepay", "portal"] as const;
export const LINK_STATES = ["requested", "ready", "completed", "failed"] as const;
export const PUSH_KINDS = ["customer", "link", "default-method", "invoice", "refund", "meter-hour", "subscription"] as const;
export const PUSH_STATES = ["waiting", "done", "stuck"] as const;
export const EVENT_STATES = ["new", "done", "kept", "stuck"] as const;
export const DUNNING_STAGES = ["reminded", "restricted", "suspended", "retained", "deleted"] as const;

/** Who an organization is at the payment provider. A customer that was deleted there is replaced by the next push. */
export const paymentCustomer = pgTable(
  "payment_customer",
  {
    organizationId: organizationId().primaryKey().references(() => organization.id),
    /** Null after it was deleted at the provider. */
    remoteId: text("remote_id"),
    defaultMethodId: text("default_method_id"),
    deletedAt: moment("deleted_at"),
    refreshedAt: moment("refreshed_at").notNull(),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("payment_customer_remote").on(t.remoteId)],
);

/** Every customer that an organization ever was, so that a late event of an older one still finds its organization. */
export const paymentCustomerHistory = pgTable("payment_customer_history", {
  remoteId: text("remote_id").primaryKey(),
  organizationId: organizationId().notNull().references(() => organization.id),
  createdAt: createdAt(),
});

/** What a person sees of a card; the number itself never comes here. */
export const paymentMethod = pgTable(
  "payment_method",
  {
    /** The provider's own id. */
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    kind: text("kind").notNull(),
    brand: text("brand"),
    last4: text("last4"),
    expiresMonth: count("expires_month"),
    expiresYear: count("expires_year"),
    isDefault: boolean("is_default").notNull().default(false),
    /** For which month of expiry a reminder went out (year * 12 + month). */
    remindedFor: count("reminded_for"),
  },
  (t) => [index("payment_method_organization").on(t.organizationId)],
);

/** Tax ids as the provider knows them, with what its check said. */
export const paymentTaxId = pgTable(
  "payment_tax_id",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    type: text("type").notNull(),
    value: text("value").notNull(),
    verification: text("verification"),
  },
  (t) => [index("payment_tax_id_organization").on(t.organizationId)],
);

/** A hosted page that a person asked for; the loop fetches its address, because no request calls the provider. */
export const paymentLink = pgTable(
  "payment_link",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    kind: text("kind", { enum: LINK_KINDS }).notNull(),
    state: text("state", { enum: LINK_STATES }).notNull(),
    returnUrl: text("return_url").notNull(),
    amountMinor: bigCount("amount_minor"),
    currency: text("currency"),
    remoteId: text("remote_id"),
    url: text("url"),
    expiresAt: moment("expires_at"),
    failure: text("failure"),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [index("payment_link_organization").on(t.organizationId, t.createdAt), uniqueIndex("payment_link_remote").on(t.remoteId), check("payment_link_kind", oneOf(t.kind, LINK_KINDS))],
);

/**
 * What has to be so at the provider. A row is claimed, the attempt is written down, then the call is made: whoever finds
 * an attempt without an end looks at the provider before sending again.
 */
export const paymentPush = pgTable(
  "payment_push",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    kind: text("kind", { enum: PUSH_KINDS }).notNull(),
    /** The invoice, link, refund or hour that it is for. */
    subjectId: text("subject_id").notNull(),
    /** One call in flight for each: an organization, or a meter of it. */
    lane: text("lane").notNull(),
    payload: jsonb("payload").$type<Record<string, unknown>>().notNull(),
    state: text("state", { enum: PUSH_STATES }).notNull().default("waiting"),
    /** Part of the idempotency key; rises when an answer was kept that must not be repeated, or when keys have expired. */
    keyGeneration: count("key_generation").notNull().default(1),
    keyedAt: moment("keyed_at"),
    attempts: count("attempts").notNull().default(0),
    notBefore: moment("not_before").notNull(),
    remoteId: text("remote_id"),
    lastError: text("last_error"),
    /** The same as codes with figures. */
    lastErrorWords: jsonb("last_error_words").$type<Words[]>(),
    doneAt: moment("done_at"),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex("payment_push_subject").on(t.kind, t.subjectId),
    index("payment_push_open").on(t.notBefore).where(sql`state = 'waiting'`),
    index("payment_push_organization").on(t.organizationId),
    check("payment_push_kind", oneOf(t.kind, PUSH_KINDS)),
    check("payment_push_state", oneOf(t.state, PUSH_STATES)),
  ],
);

/** What the provider last said of an invoice of ours. */
export const paymentInvoice = pgTable(
  "payment_invoice",
  {
    invoiceId: text("invoice_id").primaryKey().references(() => invoice.id),
    organizationId: organizationId().notNull().references(() => organization.id),
    remoteId: text("remote_id").notNull(),
    number: text("number"),
    status: text("status").notNull(),
    totalMinor: bigCount("total_minor").notNull(),
    paidMinor: bigCount("paid_minor").notNull(),
    remainingMinor: bigCount("remaining_minor").notNull(),
    attempts: count("attempts").notNull(),
    /** Where a person can pay it. */
    url: text("url"),
    readAt: moment("read_at").notNull(),
  },
  (t) => [uniqueIndex("payment_invoice_remote").on(t.remoteId), index("payment_invoice_organization").on(t.organizationId)],
);

/** The inbox: every event once, whatever it is; worked off later. Belongs to no tenant. */
export const paymentEvent = pgTable(
  "payment_event",
  {
    /** The provider's own id: a second delivery is the same row. */
    id: id(),
    type: text("type").notNull(),
    objectKind: text("object_kind"),
    objectId: text("object_id"),
    apiVersion: text("api_version"),
    payload: jsonb("payload").$type<Record<string, unknown>>().notNull(),
    /** How it came: pushed to us, or found in the provider's list. */
    source: text("source", { enum: ["webhook", "replay"] }).notNull(),
    occurredAt: moment("occurred_at").notNull(),
    receivedAt: moment("received_at").notNull(),
    state: text("state", { enum: EVENT_STATES }).notNull().default("new"),
    attempts: count("attempts").notNull().default(0),
    notBefore: moment("not_before").notNull(),
    workedAt: moment("worked_at"),
    /** What was made of it, or why nothing was. */
    note: text("note"),
    /** The same as codes with figures. */
    noteWords: jsonb("note_words").$type<Words[]>(),
  },
  (t) => [index("payment_event_open").on(t.notBefore).where(sql`state = 'new'`), index("payment_event_type").on(t.type, t.receivedAt), check("payment_event_state", oneOf(t.state, EVENT_STATES))],
);

/** How far the provider's list of events was read. One row for each list. */
export const paymentCursor = pgTable("payment_cursor", { name: text("name").primaryKey(), through: moment("through").notNull(), updatedAt: moment("updated_at").notNull() });

/** One attempt to take money, as the provider has it; never invented here. */
export const payment = pgTable(
  "payment",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    invoiceId: text("invoice_id").references(() => invoice.id),
    /** The provider's charge. */
    remoteId: text("remote_id").notNull(),
    /** The provider's payment, which may take several attempts. */
    remotePaymentId: text("remote_payment_id").notNull(),
    status: text("status", { enum: ["succeeded", "failed"] }).notNull(),
    currency: text("currency").notNull(),
    amountMinor: bigCount("amount_minor").notNull(),
    method: text("method"),
    failureCode: text("failure_code"),
    failureText: text("failure_text"),
    at: moment("at").notNull(),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("payment_remote").on(t.remoteId), index("payment_organization").on(t.organizationId, t.at), index("payment_invoice_of").on(t.invoiceId)],
);

export const paymentRefund = pgTable(
  "payment_refund",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    paymentId: text("payment_id").notNull().references(() => payment.id),
    remoteId: text("remote_id"),
    currency: text("currency").notNull(),
    amountMinor: bigCount("amount_minor").notNull(),
    status: text("status", { enum: ["requested", "pending", "succeeded", "failed"] }).notNull(),
    reason: text("reason").notNull(),
    requestedBy: text("requested_by"),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("payment_refund_remote").on(t.remoteId), index("payment_refund_payment").on(t.paymentId), check("payment_refund_amount", sql`${t.amountMinor} > 0`)],
);

export const paymentDispute = pgTable(
  "payment_dispute",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    paymentId: text("payment_id").notNull().references(() => payment.id),
    remoteId: text("remote_id").notNull(),
    currency: text("currency").notNull(),
    amountMinor: bigCount("amount_minor").notNull(),
    status: text("status").notNull(),
    reason: text("reason").notNull(),
    evidenceDueAt: moment("evidence_due_at"),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("payment_dispute_remote").on(t.remoteId), index("payment_dispute_organization").on(t.organizationId)],
);

/** A flat amount that comes every month by itself; usage never comes this way. */
export const paymentSubscription = pgTable(
  "payment_subscription",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    description: text("description").notNull(),
    currency: text("currency").notNull(),
    amountMinor: bigCount("amount_minor").notNull(),
    remoteId: text("remote_id"),
    status: text("status", { enum: ["wanted", "active", "ending", "ended"] }).notNull(),
    createdAt: createdAt(),
    endedAt: moment("ended_at"),
  },
  (t) => [index("payment_subscription_organization").on(t.organizationId), check("payment_subscription_amount", sql`${t.amountMinor} > 0`)],
);

/** Whole units of one meter in one hour, as they were last reported; a correction is a new revision of the same hour. */
export const meterReport = pgTable(
  "meter_report",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    meter: text("meter").notNull(),
    hour: moment("hour").notNull(),
    value: bigCount("value").notNull(),
    revision: count("revision").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.organizationId, t.meter, t.hour] })],
);

/** One stretch of unpaid time of an organization, with the dates that it was told when it began. */
export const dunningCase = pgTable(
  "dunning_case",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    stage: text("stage", { enum: DUNNING_STAGES }).notNull(),
    openedAt: moment("opened_at").notNull(),
    restrictAt: moment("restrict_at").notNull(),
    suspendAt: moment("suspend_at").notNull(),
    retainAt: moment("retain_at").notNull(),
    deleteAt: moment("delete_at").notNull(),
    /** When the next reminder is due; null when the stage has no more. */
    remindAt: moment("remind_at"),
    reminders: count("reminders").notNull().default(0),
    /** The standing that dunning gave; what an operator set otherwise stays. */
    standingGiven: text("standing_given"),
    /** Nothing happens before this moment; an operator's word. */
    pausedUntil: moment("paused_until"),
    closedAt: moment("closed_at"),
    closedReason: text("closed_reason"),
  },
  (t) => [
    uniqueIndex("dunning_case_open").on(t.organizationId).where(sql`closed_at is null`),
    index("dunning_case_organization").on(t.organizationId, t.openedAt),
    check("dunning_case_stage", oneOf(t.stage, DUNNING_STAGES)),
    check("dunning_case_order", sql`${t.openedAt} <= ${t.restrictAt} and ${t.restrictAt} <= ${t.suspendAt} and ${t.suspendAt} <= ${t.retainAt} and ${t.retainAt} <= ${t.deleteAt}`),
  ],
);

export interface SlaOutage {
  readonly fromMs: number;
  readonly toMs: number;
  /** Fencing, or the incident that it belongs to. */
  readonly cause: string;
}

/** What an instance's downtime of a month is worth; once for each instance and month. */
export const slaCredit = pgTable(
  "sla_credit",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    instanceId: text("instance_id").notNull(),
    periodStart: moment("period_start").notNull(),
    periodEnd: moment("period_end").notNull(),
    downtimeMs: bigCount("downtime_ms").notNull(),
    /** Share of the instance's charge, hundredths of a percent. */
    creditBasisPoints: count("credit_basis_points").notNull(),
    currency: text("currency").notNull(),
    creditMicros: bigCount("credit_micros").notNull(),
    outages: jsonb("outages").$type<SlaOutage[]>().notNull(),
    grantId: text("grant_id"),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("sla_credit_once").on(t.instanceId, t.periodStart), index("sla_credit_organization").on(t.organizationId, t.periodStart)],
);

/** What did not agree at the last three-way comparison; one named row for each difference. */
export const reconciliationDifference = pgTable(
  "reconciliation_difference",
  {
    id: id(),
    /** Named so that it is no tenant table: tenants never see our book-keeping's doubts. */
    subjectOrganizationId: text("subject_organization_id"),
    name: text("name").notNull(),
    subjectId: text("subject_id").notNull(),
    text: text("text").notNull(),
    hostFacts: text("host_facts"),
    ledger: text("ledger"),
    provider: text("provider"),
    /** The same three as codes with figures; null where one is not asked. */
    hostWords: jsonb("host_words").$type<Words[]>(),
    ledgerWords: jsonb("ledger_words").$type<Words[]>(),
    providerWords: jsonb("provider_words").$type<Words[]>(),
    foundAt: moment("found_at").notNull(),
    seenAt: moment("seen_at").notNull(),
  },
  (t) => [uniqueIndex("reconciliation_difference_once").on(t.name, t.subjectId)],
);
