CREATE TABLE "budget" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"amount_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"thresholds_percent" jsonb NOT NULL,
	"hard_cap" boolean NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "budget_amount" CHECK ("budget"."amount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "budget_alert" (
	"organization_id" text NOT NULL,
	"period_start" timestamp (3) with time zone NOT NULL,
	"threshold_percent" integer NOT NULL,
	"spent_minor" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "budget_alert_organization_id_period_start_threshold_percent_pk" PRIMARY KEY("organization_id","period_start","threshold_percent")
);
--> statement-breakpoint
CREATE TABLE "commitment" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"meter" text NOT NULL,
	"flavor_id" text,
	"units" integer NOT NULL,
	"currency" text NOT NULL,
	"micros_per_hour" bigint NOT NULL,
	"tax_category" text DEFAULT 'standard' NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "commitment_figures" CHECK ("commitment"."units" > 0 and "commitment"."micros_per_hour" >= 0 and "commitment"."starts_at" < "commitment"."ends_at")
);
--> statement-breakpoint
CREATE TABLE "discount" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"coupon_id" text NOT NULL,
	"code" text NOT NULL,
	"kind" text NOT NULL,
	"basis_points" integer NOT NULL,
	"meters" jsonb,
	"currency" text NOT NULL,
	"max_micros" bigint,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "discount_figures" CHECK ("discount"."basis_points" between 1 and 10000 and "discount"."starts_at" < "discount"."ends_at")
);
--> statement-breakpoint
CREATE TABLE "invoice_evidence" (
	"invoice_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"document" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "signing_key" (
	"id" text PRIMARY KEY NOT NULL,
	"public_key" text NOT NULL,
	"private_key" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"retired_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "coupon" (
	"id" text PRIMARY KEY NOT NULL,
	"code" text NOT NULL,
	"kind" text NOT NULL,
	"basis_points" integer NOT NULL,
	"meters" jsonb,
	"currency" text NOT NULL,
	"max_micros" bigint,
	"duration_days" integer NOT NULL,
	"redeemable_until" timestamp (3) with time zone,
	"max_redemptions" integer,
	"redemptions" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "coupon_figures" CHECK ("coupon"."basis_points" between 1 and 10000 and "coupon"."duration_days" > 0 and coalesce("coupon"."max_micros", 1) > 0 and "coupon"."redemptions" <= coalesce("coupon"."max_redemptions", "coupon"."redemptions"))
);
--> statement-breakpoint
CREATE TABLE "sample_hour" (
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"minutes" integer NOT NULL,
	"cpu_millicores" integer NOT NULL,
	"cpu_millicores_max" integer NOT NULL,
	"cpu_steal_millicores" integer NOT NULL,
	"memory_used_mib" integer,
	"memory_used_mib_max" integer,
	"disk_read_bytes" bigint NOT NULL,
	"disk_written_bytes" bigint NOT NULL,
	"net_received_bytes" bigint NOT NULL,
	"net_sent_bytes" bigint NOT NULL,
	CONSTRAINT "sample_hour_instance_id_hour_pk" PRIMARY KEY("instance_id","hour")
);
--> statement-breakpoint
CREATE TABLE "usage_adjustment" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"direction" text NOT NULL,
	"meter" text NOT NULL,
	"resource_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"flavor_id" text,
	"storage_class" text,
	"movable" boolean DEFAULT false NOT NULL,
	"quantity" bigint NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"invoice_id" text,
	CONSTRAINT "usage_adjustment_meter" CHECK ("usage_adjustment"."meter" in ('instance', 'storage', 'address', 'snapshot', 'image', 'desktop')),
	CONSTRAINT "usage_adjustment_figures" CHECK ("usage_adjustment"."started_at" < "usage_adjustment"."ended_at" and "usage_adjustment"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "usage_drift" (
	"organization_id" text NOT NULL,
	"resource_id" text NOT NULL,
	"day" timestamp (3) with time zone NOT NULL,
	"billed_ms" bigint NOT NULL,
	"counted_ms" bigint NOT NULL,
	"explanation" text NOT NULL,
	"found_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "usage_drift_resource_id_day_pk" PRIMARY KEY("resource_id","day")
);
--> statement-breakpoint
CREATE TABLE "usage_fact" (
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"host_id" text NOT NULL,
	"run_at" timestamp (3) with time zone NOT NULL,
	"first_at" timestamp (3) with time zone NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	"continues" boolean NOT NULL,
	"flavor_id" text,
	"gone_at" timestamp (3) with time zone,
	CONSTRAINT "usage_fact_instance_id_minute_host_id_run_at_pk" PRIMARY KEY("instance_id","minute","host_id","run_at")
);
--> statement-breakpoint
CREATE TABLE "usage_period" (
	"organization_id" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone NOT NULL,
	"billed_at" timestamp (3) with time zone,
	CONSTRAINT "usage_period_organization_id_started_at_pk" PRIMARY KEY("organization_id","started_at"),
	CONSTRAINT "usage_period_order" CHECK ("usage_period"."started_at" < "usage_period"."ended_at")
);
--> statement-breakpoint
CREATE TABLE "spend_cap" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"cap_micros" bigint NOT NULL,
	"spent_micros" bigint DEFAULT 0 NOT NULL,
	"reserved_micros" bigint DEFAULT 0 NOT NULL,
	"as_of" timestamp (3) with time zone NOT NULL,
	"period_end" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "spend_cap_figures" CHECK ("spend_cap"."cap_micros" > 0 and "spend_cap"."spent_micros" >= 0 and "spend_cap"."reserved_micros" >= 0)
);
--> statement-breakpoint
CREATE TABLE "spend_reservation" (
	"instance_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"micros_per_hour" bigint NOT NULL,
	"amount_micros" bigint NOT NULL,
	"held_until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "spend_reservation_figures" CHECK ("spend_reservation"."micros_per_hour" >= 0 and "spend_reservation"."amount_micros" >= 0)
);
--> statement-breakpoint
ALTER TABLE "invoice_line" DROP CONSTRAINT "invoice_line_kind";--> statement-breakpoint
ALTER TABLE "usage_window" DROP CONSTRAINT "usage_window_meter";--> statement-breakpoint
DROP INDEX "price_version_once";--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "storage_class" text;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "increment_seconds" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "minimum_seconds" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "minimum_micros" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "monthly_cap_micros" bigint;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "tiers" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "included_unit_hours" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "movable_discount_basis_points" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "price_version" ADD COLUMN "tax_category" text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
ALTER TABLE "storage_pool" ADD COLUMN "class" text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_window" ADD COLUMN "storage_class" text;--> statement-breakpoint
ALTER TABLE "usage_window" ADD COLUMN "movable" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "budget" ADD CONSTRAINT "budget_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budget_alert" ADD CONSTRAINT "budget_alert_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "commitment" ADD CONSTRAINT "commitment_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discount" ADD CONSTRAINT "discount_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_evidence" ADD CONSTRAINT "invoice_evidence_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_evidence" ADD CONSTRAINT "invoice_evidence_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_adjustment" ADD CONSTRAINT "usage_adjustment_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_period" ADD CONSTRAINT "usage_period_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "spend_cap" ADD CONSTRAINT "spend_cap_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "spend_reservation" ADD CONSTRAINT "spend_reservation_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "commitment_organization" ON "commitment" USING btree ("organization_id","starts_at");--> statement-breakpoint
CREATE UNIQUE INDEX "discount_once" ON "discount" USING btree ("organization_id","coupon_id");--> statement-breakpoint
CREATE UNIQUE INDEX "coupon_code" ON "coupon" USING btree ("code");--> statement-breakpoint
CREATE INDEX "sample_hour_hour" ON "sample_hour" USING btree ("hour");--> statement-breakpoint
CREATE INDEX "usage_adjustment_organization" ON "usage_adjustment" USING btree ("organization_id","started_at");--> statement-breakpoint
CREATE INDEX "usage_drift_organization" ON "usage_drift" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "usage_period_unbilled" ON "usage_period" USING btree ("billed_at");--> statement-breakpoint
CREATE INDEX "spend_reservation_organization" ON "spend_reservation" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "price_version_once" ON "price_version" USING btree ("meter",coalesce("flavor_id", ''),coalesce("storage_class", ''),"currency","valid_from");--> statement-breakpoint
ALTER TABLE "invoice_line" ADD CONSTRAINT "invoice_line_kind" CHECK ("invoice_line"."kind" in ('usage', 'increment', 'minimum', 'cap', 'tier', 'included', 'commitment-fee', 'commitment-coverage', 'movable-discount', 'coupon', 'credit', 'adjustment', 'manual'));--> statement-breakpoint
ALTER TABLE "price_version" ADD CONSTRAINT "price_version_terms" CHECK ("price_version"."increment_seconds" > 0 and "price_version"."minimum_seconds" >= 0 and "price_version"."minimum_micros" >= 0 and coalesce("price_version"."monthly_cap_micros", 0) >= 0 and "price_version"."included_unit_hours" >= 0 and "price_version"."movable_discount_basis_points" between 0 and 10000);--> statement-breakpoint
ALTER TABLE "price_version" ADD CONSTRAINT "price_version_class" CHECK ("price_version"."storage_class" is null or "price_version"."meter" in ('storage', 'snapshot', 'image'));--> statement-breakpoint
ALTER TABLE "usage_window" ADD CONSTRAINT "usage_window_meter" CHECK ("usage_window"."meter" in ('instance', 'storage', 'address', 'snapshot', 'image', 'desktop'));--> statement-breakpoint
CREATE TRIGGER commitment_immutable BEFORE UPDATE OR DELETE ON commitment FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER discount_immutable BEFORE UPDATE OR DELETE ON discount FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER invoice_evidence_immutable BEFORE UPDATE OR DELETE ON invoice_evidence FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
-- A closed period stays closed: only that it was billed may be noted (or taken back, when its invoice was voided).
CREATE FUNCTION guard_usage_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'billed_at' <> to_jsonb(OLD) - 'billed_at' THEN
    RAISE EXCEPTION 'the period of % from % is closed and never changed', OLD.organization_id, OLD.started_at USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER usage_period_frozen BEFORE UPDATE OR DELETE ON usage_period FOR EACH ROW EXECUTE FUNCTION guard_usage_period();
--> statement-breakpoint
ALTER TABLE usage_period ADD CONSTRAINT usage_period_no_overlap EXCLUDE USING gist (organization_id WITH =, tstzrange(started_at, ended_at, '[)') WITH &&);
--> statement-breakpoint
CREATE FUNCTION guard_usage_adjustment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'invoice_id' <> to_jsonb(OLD) - 'invoice_id' THEN
    RAISE EXCEPTION 'usage adjustment % is never changed', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER usage_adjustment_frozen BEFORE UPDATE OR DELETE ON usage_adjustment FOR EACH ROW EXECUTE FUNCTION guard_usage_adjustment();
--> statement-breakpoint
-- No window comes into a closed period. Windows that come share a lock which the closing of a period takes alone, so that none
-- slips in between its reading and its commit. Windows that are open when a period closes are cut there, so growing ones need no look.
CREATE FUNCTION guard_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('usage:' || NEW.organization_id, 0));
  IF EXISTS (SELECT 1 FROM usage_period p WHERE p.organization_id = NEW.organization_id AND p.ended_at > NEW.started_at AND p.started_at < NEW.ended_at) THEN
    RAISE EXCEPTION 'usage of % from % is in a closed period: it is an adjustment', NEW.resource_id, NEW.started_at USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER usage_window_open_period BEFORE INSERT ON usage_window FOR EACH ROW EXECUTE FUNCTION guard_closed_period();
--> statement-breakpoint
-- Tables by the day: whole days are dropped at once, and an index stays small enough to be written quickly.
ALTER TABLE sample RENAME TO sample_before;
--> statement-breakpoint
ALTER TABLE sample_before RENAME CONSTRAINT sample_instance_id_minute_pk TO sample_before_pk;
--> statement-breakpoint
ALTER INDEX sample_minute RENAME TO sample_before_minute;
--> statement-breakpoint
CREATE TABLE sample (LIKE sample_before INCLUDING DEFAULTS, CONSTRAINT sample_instance_id_minute_pk PRIMARY KEY (instance_id, minute)) PARTITION BY RANGE (minute);
--> statement-breakpoint
CREATE INDEX sample_minute ON sample (minute);
--> statement-breakpoint
CREATE TABLE sample_default PARTITION OF sample DEFAULT;
--> statement-breakpoint
INSERT INTO sample SELECT * FROM sample_before;
--> statement-breakpoint
DROP TABLE sample_before;
--> statement-breakpoint
ALTER TABLE usage_fact RENAME TO usage_fact_before;
--> statement-breakpoint
ALTER TABLE usage_fact_before RENAME CONSTRAINT usage_fact_instance_id_minute_host_id_run_at_pk TO usage_fact_before_pk;
--> statement-breakpoint
CREATE TABLE usage_fact (LIKE usage_fact_before, CONSTRAINT usage_fact_instance_id_minute_host_id_run_at_pk PRIMARY KEY (instance_id, minute, host_id, run_at)) PARTITION BY RANGE (minute);
--> statement-breakpoint
CREATE TABLE usage_fact_default PARTITION OF usage_fact DEFAULT;
--> statement-breakpoint
DROP TABLE usage_fact_before;
--> statement-breakpoint
-- Makes the days from `first` on that are missing; rows that came before their day was made are moved into it.
CREATE FUNCTION make_days(parent text, first date, days int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  made int := 0;
  day date;
  part text;
BEGIN
  IF parent NOT IN ('sample', 'usage_fact') OR days NOT BETWEEN 1 AND 62 THEN
    RAISE EXCEPTION '% is not partitioned by the day, or % days are too many at once', parent, days USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('days:' || parent, 0));
  FOR day IN SELECT generate_series(first, first + days - 1, interval '1 day')::date LOOP
    part := parent || '_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS)', part, parent);
    EXECUTE format('WITH moved AS (DELETE FROM %I WHERE minute >= %L AND minute < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
      parent || '_default', day::text || ' 00:00+00', (day + 1)::text || ' 00:00+00', part);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, day::text || ' 00:00+00', (day + 1)::text || ' 00:00+00');
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;
--> statement-breakpoint
-- Drops whole days before `first`, and what of that time stands in no day.
CREATE FUNCTION drop_days(parent text, first date) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  dropped int := 0;
  part text;
BEGIN
  IF parent NOT IN ('sample', 'usage_fact') THEN
    RAISE EXCEPTION '% is not partitioned by the day', parent USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('days:' || parent, 0));
  FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(parent) AND c.relname ~ ('^' || parent || '_\d{8}$') AND right(c.relname, 8) < to_char(first, 'YYYYMMDD') LOOP
    EXECUTE format('DROP TABLE %I', part);
    dropped := dropped + 1;
  END LOOP;
  EXECUTE format('DELETE FROM %I WHERE minute < %L', parent || '_default', first::text || ' 00:00+00');
  RETURN dropped;
END $$;
--> statement-breakpoint
-- As before, with one door: closing a period cuts windows at its end. The part that stays keeps its beginning and everything else.
CREATE OR REPLACE FUNCTION guard_usage_window() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'usage window % is never deleted', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.started_at <> OLD.started_at OR NEW.quantity <> OLD.quantity OR NEW.resource_id <> OLD.resource_id
     OR NEW.meter <> OLD.meter OR NEW.organization_id <> OLD.organization_id OR NEW.flavor_id IS DISTINCT FROM OLD.flavor_id
     OR NEW.storage_class IS DISTINCT FROM OLD.storage_class OR NEW.movable <> OLD.movable THEN
    RAISE EXCEPTION 'usage window % may only grow and close', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF current_setting('app.splits_period', true) = 'yes' AND NEW.closed_reason = 'period-end' AND NEW.ended_at <= OLD.ended_at THEN
    RETURN NEW;
  END IF;
  IF OLD.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'usage window % is closed and never changed', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.ended_at < OLD.ended_at THEN
    RAISE EXCEPTION 'usage window % may only grow and close', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
