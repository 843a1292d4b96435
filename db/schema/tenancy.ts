import { sql } from "drizzle-orm";
import { bigserial, boolean, check, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId } from "../columns";

export const STANDINGS = ["good", "restricted", "suspended"] as const;
export const MEMBER_ROLES = ["owner", "admin", "operator", "billing", "viewer"] as const;
export const OPERATOR_ROLES = ["admin", "support", "auditor"] as const;
/** What the programs of a desktop speak, as POSIX names it; `C.UTF-8` is plain English without anybody's customs. */
export const GUEST_LOCALES = ["en_US.UTF-8", "ja_JP.UTF-8", "C.UTF-8"] as const;
/** Keyboards of desktops, as X names their layouts; `jp` is JIS. */
export const GUEST_KEYBOARDS = ["us", "jp"] as const;

export const organization = pgTable(
  "organization",
  {
    id: id(),
    slug: text("slug").notNull(),
    name: text("name").notNull(),
    /** Billing currency, ISO 4217; fixed once an invoice was issued. */
    currency: text("currency").notNull().default("JPY"),
    timeZone: text("time_zone").notNull().default("Asia/Tokyo"),
    standing: text("standing", { enum: STANDINGS }).notNull().default("good"),
    createdAt: createdAt(),
    closedAt: moment("closed_at"),
  },
  (t) => [uniqueIndex("organization_slug").on(t.slug), check("organization_standing", oneOf(t.standing, STANDINGS))],
);

export const user = pgTable(
  "user_account",
  {
    id: id(),
    /** Lower-cased. */
    email: text("email").notNull(),
    name: text("name").notNull(),
    /** argon2id, PHC text; null until an invitation is accepted. */
    passwordHash: text("password_hash"),
    locale: text("locale", { enum: ["en", "ja"] }).notNull().default("en"),
    timeZone: text("time_zone").notNull().default("Asia/Tokyo"),
    /** What they want in their desktops; null: as the pool says. */
    desktopLocale: text("desktop_locale", { enum: GUEST_LOCALES }),
    keyboard: text("keyboard", { enum: GUEST_KEYBOARDS }),
    /** Set for our own staff only. */
    operatorRole: text("operator_role", { enum: OPERATOR_ROLES }),
    createdAt: createdAt(),
    disabledAt: moment("disabled_at"),
  },
  (t) => [
    uniqueIndex("user_email").on(t.email),
    check("user_email_lower", sql`${t.email} = lower(${t.email})`),
    check("user_desktop_locale", sql`${t.desktopLocale} is null or ${oneOf(t.desktopLocale, GUEST_LOCALES)}`),
    check("user_keyboard", sql`${t.keyboard} is null or ${oneOf(t.keyboard, GUEST_KEYBOARDS)}`),
  ],
);

export const member = pgTable(
  "member",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    userId: text("user_id").notNull().references(() => user.id),
    role: text("role", { enum: MEMBER_ROLES }).notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.organizationId, t.userId] }), index("member_user").on(t.userId), check("member_role", oneOf(t.role, MEMBER_ROLES))],
);

export const invitation = pgTable(
  "invitation",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    email: text("email").notNull(),
    role: text("role", { enum: MEMBER_ROLES }).notNull(),
    /** sha256 of the secret in the link. */
    tokenHash: text("token_hash").notNull(),
    invitedBy: text("invited_by").notNull().references(() => user.id),
    createdAt: createdAt(),
    expiresAt: moment("expires_at").notNull(),
    acceptedAt: moment("accepted_at"),
    revokedAt: moment("revoked_at"),
  },
  (t) => [uniqueIndex("invitation_token").on(t.tokenHash), index("invitation_organization").on(t.organizationId)],
);

/** The revocable side of a signed token: a token whose row is gone, revoked or expired is worth nothing. */
export const userSession = pgTable(
  "user_session",
  {
    id: id(),
    userId: text("user_id").notNull().references(() => user.id),
    createdAt: createdAt(),
    lastSeenAt: moment("last_seen_at").notNull(),
    expiresAt: moment("expires_at").notNull(),
    revokedAt: moment("revoked_at"),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
  },
  (t) => [index("user_session_user").on(t.userId)],
);

/** One hash chain per organization, and one for the provider (organization_id null, chain 'provider'). */
export const auditEntry = pgTable(
  "audit_entry",
  {
    id: bigserial("id", { mode: "number" }).primaryKey(),
    chain: text("chain").notNull(),
    sequence: bigCount("sequence").notNull(),
    organizationId: organizationId(),
    at: moment("at").notNull(),
    actorKind: text("actor_kind", { enum: ["user", "operator", "system"] }).notNull(),
    actorId: text("actor_id").notNull(),
    action: text("action").notNull(),
    targetKind: text("target_kind").notNull(),
    targetId: text("target_id").notNull(),
    before: jsonb("before"),
    after: jsonb("after"),
    requestId: text("request_id").notNull(),
    previousHash: text("previous_hash").notNull(),
    hash: text("hash").notNull(),
  },
  (t) => [uniqueIndex("audit_entry_chain").on(t.chain, t.sequence), index("audit_entry_organization").on(t.organizationId, t.at), index("audit_entry_target").on(t.targetId)],
);

/** The newest link of each chain; updated in the same transaction as its entry. */
export const auditHead = pgTable("audit_head", {
  chain: text("chain").primaryKey(),
  organizationId: organizationId(),
  sequence: bigCount("sequence").notNull(),
  hash: text("hash").notNull(),
});

/** Fixed by rate-limiter-flexible's Postgres store: key, points, expire (milliseconds since 1970). */
export const rateLimit = pgTable("rate_limit", {
  key: text("key").primaryKey(),
  points: count("points").notNull().default(0),
  expire: bigCount("expire"),
});

/** An order repeated with the same key answers what the first one answered. */
export const idempotencyKey = pgTable(
  "idempotency_key",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    key: text("key").notNull(),
    action: text("action").notNull(),
    /** sha256 of the parsed input: another input under the same key is refused. */
    inputHash: text("input_hash").notNull(),
    targetId: text("target_id").notNull(),
    done: boolean("done").notNull().default(true),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.organizationId, t.key] })],
);
