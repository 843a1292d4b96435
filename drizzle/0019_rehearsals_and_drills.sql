CREATE TABLE "drill" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"host_id" text NOT NULL,
	"rehearsal_id" text NOT NULL,
	"state" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"ordered_by" text NOT NULL,
	"ordered_at" timestamp (3) with time zone NOT NULL,
	"crashed_at" timestamp (3) with time zone,
	"incident_id" text,
	"measured" jsonb,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "drill_state" CHECK ("drill"."state" in ('crashing', 'watching', 'restoring', 'done', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "rehearsal" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"kind" text NOT NULL,
	"question" jsonb NOT NULL,
	"state" text NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"asked_by" text NOT NULL,
	"played_at" timestamp (3) with time zone,
	"based_on_generation" bigint,
	"inputs" jsonb,
	"result" jsonb,
	"error" text,
	"applied_at" timestamp (3) with time zone,
	"applied_by" text,
	"compare_at" timestamp (3) with time zone,
	"measured" jsonb,
	"measured_at" timestamp (3) with time zone,
	CONSTRAINT "rehearsal_kind" CHECK ("rehearsal"."kind" in ('tonight', 'lose-host', 'ratio', 'add-desktops', 'retire-hosts')),
	CONSTRAINT "rehearsal_state" CHECK ("rehearsal"."state" in ('asked', 'played', 'failed', 'applied', 'measured'))
);
--> statement-breakpoint
ALTER TABLE "cluster_automation" ADD COLUMN "drill_days" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "cluster_automation" ADD COLUMN "drill_windows" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "drillable" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "drill" ADD CONSTRAINT "drill_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "drill" ADD CONSTRAINT "drill_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "drill" ADD CONSTRAINT "drill_rehearsal_id_rehearsal_id_fk" FOREIGN KEY ("rehearsal_id") REFERENCES "public"."rehearsal"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "drill" ADD CONSTRAINT "drill_incident_id_incident_id_fk" FOREIGN KEY ("incident_id") REFERENCES "public"."incident"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rehearsal" ADD CONSTRAINT "rehearsal_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "drill_cluster" ON "drill" USING btree ("cluster_id","ordered_at");--> statement-breakpoint
CREATE UNIQUE INDEX "drill_one_open" ON "drill" USING btree ("cluster_id") WHERE state in ('crashing', 'watching', 'restoring');--> statement-breakpoint
CREATE INDEX "rehearsal_cluster" ON "rehearsal" USING btree ("cluster_id","asked_at");--> statement-breakpoint
CREATE INDEX "rehearsal_open" ON "rehearsal" USING btree ("state") WHERE measured_at is null and state <> 'failed';