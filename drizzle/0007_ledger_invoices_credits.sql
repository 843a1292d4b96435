CREATE TABLE "billing_profile" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"legal_name" text NOT NULL,
	"address" text DEFAULT '' NOT NULL,
	"country" text DEFAULT 'JP' NOT NULL,
	"billing_email" text,
	"tax_id" text,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "credit_grant" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"currency" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"reason" text NOT NULL,
	"reference" text,
	"priority" integer DEFAULT 100 NOT NULL,
	"valid_from" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"voided_at" timestamp (3) with time zone,
	CONSTRAINT "credit_grant_kind" CHECK ("credit_grant"."kind" in ('promotional', 'goodwill', 'sla', 'trial')),
	CONSTRAINT "credit_grant_positive" CHECK ("credit_grant"."amount_micros" > 0 and ("credit_grant"."expires_at" is null or "credit_grant"."expires_at" > "credit_grant"."valid_from"))
);
--> statement-breakpoint
CREATE TABLE "credit_note" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"issuer_id" text DEFAULT 'iss_default' NOT NULL,
	"invoice_id" text NOT NULL,
	"number" text NOT NULL,
	"currency" text NOT NULL,
	"reason" text NOT NULL,
	"net_minor" bigint NOT NULL,
	"tax_minor" bigint NOT NULL,
	"total_minor" bigint NOT NULL,
	"taxes" jsonb NOT NULL,
	"issued_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"idempotency_key" text NOT NULL,
	CONSTRAINT "credit_note_positive" CHECK ("credit_note"."total_minor" > 0 and "credit_note"."net_minor" >= 0 and "credit_note"."tax_minor" >= 0)
);
--> statement-breakpoint
CREATE TABLE "credit_use" (
	"organization_id" text NOT NULL,
	"grant_id" text NOT NULL,
	"invoice_id" text NOT NULL,
	"kind" text NOT NULL,
	"amount_micros" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "credit_use_grant_id_invoice_id_kind_pk" PRIMARY KEY("grant_id","invoice_id","kind")
);
--> statement-breakpoint
CREATE TABLE "issuer" (
	"id" text PRIMARY KEY NOT NULL,
	"legal_name" text NOT NULL,
	"address" text DEFAULT '' NOT NULL,
	"country" text DEFAULT 'JP' NOT NULL,
	"registration_number" text,
	"number_prefix" text DEFAULT 'B-' NOT NULL,
	"credit_note_prefix" text DEFAULT 'C-' NOT NULL,
	"next_invoice" bigint DEFAULT 1 NOT NULL,
	"next_credit_note" bigint DEFAULT 1 NOT NULL,
	"payment_term_days" integer DEFAULT 14 NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger_entry" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"invoice_id" text,
	"credit_note_id" text,
	"reference" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "ledger_entry_kind" CHECK ("ledger_entry"."kind" in ('invoice', 'payment', 'refund', 'dispute', 'dispute-won', 'credit-note', 'void', 'write-off', 'balance-applied')),
	CONSTRAINT "ledger_entry_amount" CHECK ("ledger_entry"."amount_minor" <> 0),
	CONSTRAINT "ledger_entry_sign" CHECK (case when "ledger_entry"."kind" in ('invoice', 'refund', 'dispute') then "ledger_entry"."amount_minor" > 0 when "ledger_entry"."kind" in ('payment', 'dispute-won', 'credit-note', 'void', 'write-off') then "ledger_entry"."amount_minor" < 0 else true end)
);
--> statement-breakpoint
DROP INDEX "invoice_period";--> statement-breakpoint
ALTER TABLE "invoice_line" ALTER COLUMN "price_version_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "issuer_id" text DEFAULT 'iss_default' NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "kind" text DEFAULT 'period' NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "subtotal_minor" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "tax_minor" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "taxes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "seller" jsonb;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "buyer" jsonb;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "due_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "parked_reason" text;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "voided_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "void_reason" text;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "sealed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "kind" text DEFAULT 'usage' NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "key" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "meter" text;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "resource_id" text;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "instance_id" text;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "flavor_id" text;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "reference" text;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "micros_per_hour" bigint;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD COLUMN "tax_rate_basis_points" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "billing_profile" ADD CONSTRAINT "billing_profile_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_grant" ADD CONSTRAINT "credit_grant_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_note" ADD CONSTRAINT "credit_note_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_note" ADD CONSTRAINT "credit_note_issuer_id_issuer_id_fk" FOREIGN KEY ("issuer_id") REFERENCES "public"."issuer"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_note" ADD CONSTRAINT "credit_note_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_use" ADD CONSTRAINT "credit_use_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_use" ADD CONSTRAINT "credit_use_grant_id_credit_grant_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."credit_grant"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_use" ADD CONSTRAINT "credit_use_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ledger_entry" ADD CONSTRAINT "ledger_entry_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ledger_entry" ADD CONSTRAINT "ledger_entry_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "credit_grant_key" ON "credit_grant" USING btree ("idempotency_key");--> statement-breakpoint
CREATE INDEX "credit_grant_organization" ON "credit_grant" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "credit_note_number" ON "credit_note" USING btree ("issuer_id","number");--> statement-breakpoint
CREATE UNIQUE INDEX "credit_note_key" ON "credit_note" USING btree ("idempotency_key");--> statement-breakpoint
CREATE INDEX "credit_note_invoice" ON "credit_note" USING btree ("invoice_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ledger_entry_key" ON "ledger_entry" USING btree ("idempotency_key");--> statement-breakpoint
CREATE INDEX "ledger_entry_organization" ON "ledger_entry" USING btree ("organization_id","at");--> statement-breakpoint
CREATE INDEX "ledger_entry_invoice" ON "ledger_entry" USING btree ("invoice_id");--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_issuer_id_issuer_id_fk" FOREIGN KEY ("issuer_id") REFERENCES "public"."issuer"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "invoice_number" ON "invoice" USING btree ("issuer_id","number");--> statement-breakpoint
CREATE INDEX "invoice_organization" ON "invoice" USING btree ("organization_id","issued_at");--> statement-breakpoint
CREATE INDEX "invoice_open" ON "invoice" USING btree ("due_at") WHERE status = 'issued';--> statement-breakpoint
CREATE INDEX "invoice_line_reference" ON "invoice_line" USING btree ("reference");--> statement-breakpoint
CREATE UNIQUE INDEX "invoice_period" ON "invoice" USING btree ("organization_id","period_start") WHERE status <> 'void' and kind = 'period';--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_status" CHECK ("invoice"."status" in ('parked', 'issued', 'paid', 'void'));--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_sum" CHECK ("invoice"."total_minor" = "invoice"."subtotal_minor" + "invoice"."tax_minor");--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_numbered" CHECK (("invoice"."status" = 'parked') = ("invoice"."number" is null) or "invoice"."status" = 'void');--> statement-breakpoint
ALTER TABLE "invoice_line" ADD CONSTRAINT "invoice_line_kind" CHECK ("invoice_line"."kind" in ('usage', 'minimum', 'cap', 'tier', 'included', 'commitment-fee', 'commitment-coverage', 'movable-discount', 'coupon', 'credit', 'adjustment', 'manual'));--> statement-breakpoint
-- Every invoice has a sender; who it is in law is entered by an operator before the first one goes out.
INSERT INTO issuer (id, legal_name, updated_at) VALUES ('iss_default', 'Berth', now()) ON CONFLICT DO NOTHING;
--> statement-breakpoint
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER credit_note_immutable BEFORE UPDATE OR DELETE ON credit_note FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER credit_use_append_only BEFORE UPDATE OR DELETE ON credit_use FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- A grant may only be voided, once; nothing else of it ever changes.
CREATE FUNCTION guard_credit_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.voided_at IS NOT NULL OR to_jsonb(NEW) - 'voided_at' <> to_jsonb(OLD) - 'voided_at' THEN
    RAISE EXCEPTION 'credit grant % may only be voided, once', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER credit_grant_frozen BEFORE UPDATE OR DELETE ON credit_grant FOR EACH ROW EXECUTE FUNCTION guard_credit_grant();
--> statement-breakpoint
-- An invoice that was made keeps every figure. What may still change is where it stands: parked -> issued (a number, a date) or
-- void; issued <-> paid, as the ledger says; issued -> void.
CREATE FUNCTION guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  loose text[] := ARRAY['status', 'voided_at', 'void_reason', 'sealed_at'];
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'invoice % is never deleted', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.status = 'void' THEN
    RAISE EXCEPTION 'invoice % is void and never changed', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.sealed_at IS NOT NULL AND NEW.sealed_at IS DISTINCT FROM OLD.sealed_at THEN
    RAISE EXCEPTION 'invoice % is sealed', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.status = 'parked' AND NEW.status = 'issued' THEN
    loose := loose || ARRAY['number', 'issued_at', 'due_at'];
  ELSIF NOT (NEW.status = OLD.status OR (OLD.status, NEW.status) IN (('parked', 'void'), ('issued', 'paid'), ('paid', 'issued'), ('issued', 'void'))) THEN
    RAISE EXCEPTION 'invoice % cannot go from % to %', OLD.id, OLD.status, NEW.status USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF to_jsonb(NEW) - loose <> to_jsonb(OLD) - loose THEN
    RAISE EXCEPTION 'invoice % is frozen: corrections are credit notes', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION guard_invoice();
--> statement-breakpoint
CREATE FUNCTION guard_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM invoice i WHERE i.id = NEW.invoice_id AND i.sealed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'invoice % is sealed: no line is added', NEW.invoice_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER invoice_line_sealed BEFORE INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION guard_invoice_line();
