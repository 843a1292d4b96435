CREATE TABLE "advice" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"kind" text NOT NULL,
	"host_id" text,
	"reason" text NOT NULL,
	"plan" jsonb NOT NULL,
	"based_on_generation" bigint NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"confirmed_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"decided_by" text
);
--> statement-breakpoint
CREATE TABLE "cluster_automation" (
	"cluster_id" text PRIMARY KEY NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"rebalance" text DEFAULT 'off' NOT NULL,
	"aggressiveness" integer DEFAULT 3 NOT NULL,
	"quiet_hours" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"moves_per_hour" integer DEFAULT 12 NOT NULL,
	"moves_per_host_per_hour" integer DEFAULT 4 NOT NULL,
	"fast_writers" text DEFAULT 'leave' NOT NULL,
	"prediction_margin" double precision DEFAULT 0.1 NOT NULL,
	"consolidate" text DEFAULT 'off' NOT NULL,
	"consolidate_windows" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"min_awake_hosts" integer DEFAULT 2 NOT NULL,
	"min_awake_seconds" integer DEFAULT 3600 NOT NULL,
	"min_asleep_seconds" integer DEFAULT 1800 NOT NULL,
	"max_cycles" integer DEFAULT 1 NOT NULL,
	"cycle_hours" integer DEFAULT 8 NOT NULL,
	"wake_test_days" integer DEFAULT 7 NOT NULL,
	"wake_test_windows" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"wake_timeout_seconds" integer DEFAULT 600 NOT NULL,
	"electricity_currency" text DEFAULT 'EUR' NOT NULL,
	"electricity_micros_per_kwh" bigint DEFAULT 250000 NOT NULL,
	"carbon_grams_per_kwh" double precision DEFAULT 400 NOT NULL,
	"hung_after_seconds" integer DEFAULT 0 NOT NULL,
	"hung_restarts_per_hour" integer DEFAULT 3 NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"updated_by" text NOT NULL,
	CONSTRAINT "cluster_automation_rebalance" CHECK ("cluster_automation"."rebalance" in ('off', 'advise', 'automatic')),
	CONSTRAINT "cluster_automation_consolidate" CHECK ("cluster_automation"."consolidate" in ('off', 'advise', 'automatic')),
	CONSTRAINT "cluster_automation_aggressiveness" CHECK ("cluster_automation"."aggressiveness" between 1 and 5),
	CONSTRAINT "cluster_automation_margin" CHECK ("cluster_automation"."prediction_margin" between 0 and 10)
);
--> statement-breakpoint
CREATE TABLE "dirty_rate" (
	"instance_id" text PRIMARY KEY NOT NULL,
	"mib_per_second" double precision NOT NULL,
	"measured_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "energy_report" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"to_at" timestamp (3) with time zone NOT NULL,
	"used_kwh" double precision NOT NULL,
	"without_sleep_kwh" double precision NOT NULL,
	"moves_kwh" double precision NOT NULL,
	"saved_kwh" double precision NOT NULL,
	"saved_micros" bigint NOT NULL,
	"currency" text NOT NULL,
	"saved_carbon_grams" double precision NOT NULL,
	"inputs" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "host_power_event" (
	"id" text PRIMARY KEY NOT NULL,
	"host_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"from_state" text NOT NULL,
	"to_state" text NOT NULL,
	"kind" text NOT NULL,
	"reason" text NOT NULL,
	"seconds" double precision,
	"certificate_id" text,
	"decision_id" text
);
--> statement-breakpoint
CREATE TABLE "host_update" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"name" text NOT NULL,
	"step" jsonb NOT NULL,
	"step_timeout_seconds" integer DEFAULT 1800 NOT NULL,
	"hosts_at_once" integer DEFAULT 1 NOT NULL,
	"state" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"predicted_end_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "host_update_state" CHECK ("host_update"."state" in ('running', 'paused', 'done', 'aborted', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "host_update_host" (
	"update_id" text NOT NULL,
	"host_id" text NOT NULL,
	"position" integer NOT NULL,
	"state" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"output" text DEFAULT '' NOT NULL,
	"started_at" timestamp (3) with time zone,
	"step_started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "host_update_host_update_id_host_id_pk" PRIMARY KEY("update_id","host_id")
);
--> statement-breakpoint
CREATE TABLE "incident" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"host_id" text,
	"kind" text NOT NULL,
	"title" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone,
	"figures" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "incident_entry" (
	"id" text PRIMARY KEY NOT NULL,
	"incident_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"text" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "move_consent" (
	"instance_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"not_during" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"notice_minutes" integer DEFAULT 0 NOT NULL,
	"notice_given_at" timestamp (3) with time zone,
	"movable_for_discount" boolean DEFAULT false NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "power_reading" (
	"host_id" text NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"cluster_id" text NOT NULL,
	"watts" double precision NOT NULL,
	"source" text NOT NULL,
	"cpu_fraction" double precision,
	"asleep" boolean DEFAULT false NOT NULL,
	CONSTRAINT "power_reading_host_id_minute_pk" PRIMARY KEY("host_id","minute")
);
--> statement-breakpoint
CREATE TABLE "sleep_certificate" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"asleep_host_ids" jsonb NOT NULL,
	"restarts" jsonb NOT NULL,
	"made_at" timestamp (3) with time zone NOT NULL,
	"made_for_generation" bigint NOT NULL,
	"checked_at" timestamp (3) with time zone NOT NULL,
	"checked_for_generation" bigint NOT NULL,
	"state" text NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"end_reason" text
);
--> statement-breakpoint
ALTER TABLE "host" DROP CONSTRAINT "host_state";--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "power_state" text DEFAULT 'on' NOT NULL;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "power_state_reason" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "power_state_changed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "wake_seconds" double precision;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "last_wake_test_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "keep_awake" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "power_curve" jsonb;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "link_mbps" integer;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "lease_beat" bigint;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "lease_seen_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "lease_ttl_seconds" double precision;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "health" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "health_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "advice" ADD CONSTRAINT "advice_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "advice" ADD CONSTRAINT "advice_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cluster_automation" ADD CONSTRAINT "cluster_automation_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "energy_report" ADD CONSTRAINT "energy_report_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_power_event" ADD CONSTRAINT "host_power_event_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_power_event" ADD CONSTRAINT "host_power_event_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_update" ADD CONSTRAINT "host_update_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_update_host" ADD CONSTRAINT "host_update_host_update_id_host_update_id_fk" FOREIGN KEY ("update_id") REFERENCES "public"."host_update"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_update_host" ADD CONSTRAINT "host_update_host_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "incident" ADD CONSTRAINT "incident_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "incident" ADD CONSTRAINT "incident_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "incident_entry" ADD CONSTRAINT "incident_entry_incident_id_incident_id_fk" FOREIGN KEY ("incident_id") REFERENCES "public"."incident"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "move_consent" ADD CONSTRAINT "move_consent_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "power_reading" ADD CONSTRAINT "power_reading_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sleep_certificate" ADD CONSTRAINT "sleep_certificate_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "advice_cluster" ON "advice" USING btree ("cluster_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "advice_one_open" ON "advice" USING btree ("cluster_id","kind","host_id") NULLS NOT DISTINCT WHERE state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "energy_report_period" ON "energy_report" USING btree ("cluster_id","from_at");--> statement-breakpoint
CREATE INDEX "host_power_event_host" ON "host_power_event" USING btree ("host_id","at");--> statement-breakpoint
CREATE INDEX "host_power_event_cluster" ON "host_power_event" USING btree ("cluster_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "host_update_one_open" ON "host_update" USING btree ("cluster_id") WHERE state in ('running', 'paused');--> statement-breakpoint
CREATE INDEX "incident_cluster" ON "incident" USING btree ("cluster_id","opened_at");--> statement-breakpoint
CREATE UNIQUE INDEX "incident_one_open" ON "incident" USING btree ("host_id","kind") WHERE closed_at is null and host_id is not null;--> statement-breakpoint
CREATE INDEX "incident_entry_incident" ON "incident_entry" USING btree ("incident_id","at");--> statement-breakpoint
CREATE INDEX "move_consent_organization" ON "move_consent" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "power_reading_cluster" ON "power_reading" USING btree ("cluster_id","minute");--> statement-breakpoint
CREATE INDEX "sleep_certificate_cluster" ON "sleep_certificate" USING btree ("cluster_id","made_at");--> statement-breakpoint
CREATE UNIQUE INDEX "sleep_certificate_valid" ON "sleep_certificate" USING btree ("cluster_id") WHERE state = 'valid';--> statement-breakpoint
ALTER TABLE "host" ADD CONSTRAINT "host_power_state" CHECK ("host"."power_state" in ('on', 'falling-asleep', 'asleep', 'waking', 'failed-to-wake'));--> statement-breakpoint
ALTER TABLE "host" ADD CONSTRAINT "host_state" CHECK ("host"."state" in ('enrolling', 'up', 'suspect', 'unreachable', 'fencing', 'fenced', 'returning', 'asleep', 'quarantined', 'retired', 'isolated'));