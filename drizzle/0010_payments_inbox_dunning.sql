CREATE TABLE "dunning_case" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"stage" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"restrict_at" timestamp (3) with time zone NOT NULL,
	"suspend_at" timestamp (3) with time zone NOT NULL,
	"retain_at" timestamp (3) with time zone NOT NULL,
	"delete_at" timestamp (3) with time zone NOT NULL,
	"remind_at" timestamp (3) with time zone,
	"reminders" integer DEFAULT 0 NOT NULL,
	"standing_given" text,
	"paused_until" timestamp (3) with time zone,
	"closed_at" timestamp (3) with time zone,
	"closed_reason" text,
	CONSTRAINT "dunning_case_stage" CHECK ("dunning_case"."stage" in ('reminded', 'restricted', 'suspended', 'retained', 'deleted')),
	CONSTRAINT "dunning_case_order" CHECK ("dunning_case"."opened_at" <= "dunning_case"."restrict_at" and "dunning_case"."restrict_at" <= "dunning_case"."suspend_at" and "dunning_case"."suspend_at" <= "dunning_case"."retain_at" and "dunning_case"."retain_at" <= "dunning_case"."delete_at")
);
--> statement-breakpoint
CREATE TABLE "meter_report" (
	"organization_id" text NOT NULL,
	"meter" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"value" bigint NOT NULL,
	"revision" integer NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "meter_report_organization_id_meter_hour_pk" PRIMARY KEY("organization_id","meter","hour")
);
--> statement-breakpoint
CREATE TABLE "payment" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"invoice_id" text,
	"remote_id" text NOT NULL,
	"remote_payment_id" text NOT NULL,
	"status" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"method" text,
	"failure_code" text,
	"failure_text" text,
	"at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_cursor" (
	"name" text PRIMARY KEY NOT NULL,
	"through" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_customer" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"remote_id" text,
	"default_method_id" text,
	"deleted_at" timestamp (3) with time zone,
	"refreshed_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_customer_history" (
	"remote_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_dispute" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"payment_id" text NOT NULL,
	"remote_id" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"status" text NOT NULL,
	"reason" text NOT NULL,
	"evidence_due_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_event" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"object_kind" text,
	"object_id" text,
	"api_version" text,
	"payload" jsonb NOT NULL,
	"source" text NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"state" text DEFAULT 'new' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"not_before" timestamp (3) with time zone NOT NULL,
	"worked_at" timestamp (3) with time zone,
	"note" text,
	CONSTRAINT "payment_event_state" CHECK ("payment_event"."state" in ('new', 'done', 'kept', 'stuck'))
);
--> statement-breakpoint
CREATE TABLE "payment_invoice" (
	"invoice_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"remote_id" text NOT NULL,
	"number" text,
	"status" text NOT NULL,
	"total_minor" bigint NOT NULL,
	"paid_minor" bigint NOT NULL,
	"remaining_minor" bigint NOT NULL,
	"attempts" integer NOT NULL,
	"url" text,
	"read_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_link" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"return_url" text NOT NULL,
	"amount_minor" bigint,
	"currency" text,
	"remote_id" text,
	"url" text,
	"expires_at" timestamp (3) with time zone,
	"failure" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "payment_link_kind" CHECK ("payment_link"."kind" in ('setup', 'prepay', 'portal'))
);
--> statement-breakpoint
CREATE TABLE "payment_method" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"brand" text,
	"last4" text,
	"expires_month" integer,
	"expires_year" integer,
	"is_default" boolean DEFAULT false NOT NULL,
	"reminded_for" integer
);
--> statement-breakpoint
CREATE TABLE "payment_push" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"lane" text NOT NULL,
	"payload" jsonb NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"key_generation" integer DEFAULT 1 NOT NULL,
	"keyed_at" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"not_before" timestamp (3) with time zone NOT NULL,
	"remote_id" text,
	"last_error" text,
	"done_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "payment_push_kind" CHECK ("payment_push"."kind" in ('customer', 'link', 'default-method', 'invoice', 'refund', 'meter-hour', 'subscription')),
	CONSTRAINT "payment_push_state" CHECK ("payment_push"."state" in ('waiting', 'done', 'stuck'))
);
--> statement-breakpoint
CREATE TABLE "payment_refund" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"payment_id" text NOT NULL,
	"remote_id" text,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"status" text NOT NULL,
	"reason" text NOT NULL,
	"requested_by" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "payment_refund_amount" CHECK ("payment_refund"."amount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "payment_subscription" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"description" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"remote_id" text,
	"status" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "payment_subscription_amount" CHECK ("payment_subscription"."amount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "payment_tax_id" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"type" text NOT NULL,
	"value" text NOT NULL,
	"verification" text
);
--> statement-breakpoint
CREATE TABLE "reconciliation_difference" (
	"id" text PRIMARY KEY NOT NULL,
	"subject_organization_id" text,
	"name" text NOT NULL,
	"subject_id" text NOT NULL,
	"text" text NOT NULL,
	"host_facts" text,
	"ledger" text,
	"provider" text,
	"found_at" timestamp (3) with time zone NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sla_credit" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"period_start" timestamp (3) with time zone NOT NULL,
	"period_end" timestamp (3) with time zone NOT NULL,
	"downtime_ms" bigint NOT NULL,
	"credit_basis_points" integer NOT NULL,
	"currency" text NOT NULL,
	"credit_micros" bigint NOT NULL,
	"outages" jsonb NOT NULL,
	"grant_id" text,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "dunning_case" ADD CONSTRAINT "dunning_case_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "meter_report" ADD CONSTRAINT "meter_report_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment" ADD CONSTRAINT "payment_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment" ADD CONSTRAINT "payment_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_customer" ADD CONSTRAINT "payment_customer_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_customer_history" ADD CONSTRAINT "payment_customer_history_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_dispute" ADD CONSTRAINT "payment_dispute_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_dispute" ADD CONSTRAINT "payment_dispute_payment_id_payment_id_fk" FOREIGN KEY ("payment_id") REFERENCES "public"."payment"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_invoice" ADD CONSTRAINT "payment_invoice_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_invoice" ADD CONSTRAINT "payment_invoice_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_link" ADD CONSTRAINT "payment_link_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_method" ADD CONSTRAINT "payment_method_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_push" ADD CONSTRAINT "payment_push_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_refund" ADD CONSTRAINT "payment_refund_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_refund" ADD CONSTRAINT "payment_refund_payment_id_payment_id_fk" FOREIGN KEY ("payment_id") REFERENCES "public"."payment"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_subscription" ADD CONSTRAINT "payment_subscription_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_tax_id" ADD CONSTRAINT "payment_tax_id_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sla_credit" ADD CONSTRAINT "sla_credit_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "dunning_case_open" ON "dunning_case" USING btree ("organization_id") WHERE closed_at is null;--> statement-breakpoint
CREATE INDEX "dunning_case_organization" ON "dunning_case" USING btree ("organization_id","opened_at");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_remote" ON "payment" USING btree ("remote_id");--> statement-breakpoint
CREATE INDEX "payment_organization" ON "payment" USING btree ("organization_id","at");--> statement-breakpoint
CREATE INDEX "payment_invoice_of" ON "payment" USING btree ("invoice_id");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_customer_remote" ON "payment_customer" USING btree ("remote_id");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_dispute_remote" ON "payment_dispute" USING btree ("remote_id");--> statement-breakpoint
CREATE INDEX "payment_dispute_organization" ON "payment_dispute" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "payment_event_open" ON "payment_event" USING btree ("not_before") WHERE state = 'new';--> statement-breakpoint
CREATE INDEX "payment_event_type" ON "payment_event" USING btree ("type","received_at");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_invoice_remote" ON "payment_invoice" USING btree ("remote_id");--> statement-breakpoint
CREATE INDEX "payment_invoice_organization" ON "payment_invoice" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "payment_link_organization" ON "payment_link" USING btree ("organization_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_link_remote" ON "payment_link" USING btree ("remote_id");--> statement-breakpoint
CREATE INDEX "payment_method_organization" ON "payment_method" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_push_subject" ON "payment_push" USING btree ("kind","subject_id");--> statement-breakpoint
CREATE INDEX "payment_push_open" ON "payment_push" USING btree ("not_before") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "payment_push_organization" ON "payment_push" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_refund_remote" ON "payment_refund" USING btree ("remote_id");--> statement-breakpoint
CREATE INDEX "payment_refund_payment" ON "payment_refund" USING btree ("payment_id");--> statement-breakpoint
CREATE INDEX "payment_subscription_organization" ON "payment_subscription" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "payment_tax_id_organization" ON "payment_tax_id" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "reconciliation_difference_once" ON "reconciliation_difference" USING btree ("name","subject_id");--> statement-breakpoint
CREATE UNIQUE INDEX "sla_credit_once" ON "sla_credit" USING btree ("instance_id","period_start");--> statement-breakpoint
CREATE INDEX "sla_credit_organization" ON "sla_credit" USING btree ("organization_id","period_start");