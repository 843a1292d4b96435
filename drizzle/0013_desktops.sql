CREATE TABLE "desktop" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"pool_id" text NOT NULL,
	"number" integer NOT NULL,
	"instance_id" text,
	"version_id" text NOT NULL,
	"state" text NOT NULL,
	"state_changed_at" timestamp (3) with time zone NOT NULL,
	"state_reason" text,
	"assigned_user_id" text,
	"used_by_user_id" text,
	"wipe_generation" integer DEFAULT 1 NOT NULL,
	"unused_since" timestamp (3) with time zone,
	"personalised_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"retired_at" timestamp (3) with time zone,
	CONSTRAINT "desktop_state" CHECK ("desktop"."state" in ('provisioning', 'ready', 'in-session', 'disconnected', 'suspended', 'resetting', 'retiring', 'retired', 'failed')),
	CONSTRAINT "desktop_wiped_between_people" CHECK ("desktop"."assigned_user_id" is null or "desktop"."used_by_user_id" is null or "desktop"."assigned_user_id" = "desktop"."used_by_user_id"),
	CONSTRAINT "desktop_session_has_person" CHECK ("desktop"."state" not in ('in-session', 'disconnected') or "desktop"."assigned_user_id" is not null)
);
--> statement-breakpoint
CREATE TABLE "desktop_assignment" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"pool_id" text NOT NULL,
	"email" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "desktop_assignment_lower" CHECK ("desktop_assignment"."email" is null or "desktop_assignment"."email" = lower("desktop_assignment"."email"))
);
--> statement-breakpoint
CREATE TABLE "desktop_pool" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"transport" text DEFAULT 'vnc' NOT NULL,
	"golden_image_id" text NOT NULL,
	"version_id" text NOT NULL,
	"rollout_deadline" timestamp (3) with time zone,
	"rollout_paused" boolean DEFAULT false NOT NULL,
	"flavor_id" text NOT NULL,
	"minimum_ready" integer DEFAULT 0 NOT NULL,
	"maximum" integer NOT NULL,
	"schedules" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"clipboard_in" boolean DEFAULT true NOT NULL,
	"clipboard_out" boolean DEFAULT true NOT NULL,
	"remote_resize" boolean DEFAULT true NOT NULL,
	"idle_minutes" integer DEFAULT 30 NOT NULL,
	"session_minutes" integer DEFAULT 720 NOT NULL,
	"next_number" integer DEFAULT 1 NOT NULL,
	"trouble_code" text,
	"trouble_text" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "desktop_pool_kind" CHECK ("desktop_pool"."kind" in ('persistent', 'floating')),
	CONSTRAINT "desktop_pool_sizes" CHECK ("desktop_pool"."minimum_ready" >= 0 and "desktop_pool"."maximum" >= 1 and "desktop_pool"."minimum_ready" <= "desktop_pool"."maximum"),
	CONSTRAINT "desktop_pool_limits" CHECK ("desktop_pool"."idle_minutes" >= 1 and "desktop_pool"."session_minutes" >= 5)
);
--> statement-breakpoint
CREATE TABLE "desktop_session" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"pool_id" text NOT NULL,
	"user_id" text NOT NULL,
	"desktop_id" text,
	"given" text NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"ready_at" timestamp (3) with time zone,
	"first_opened_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"end_reason" text
);
--> statement-breakpoint
CREATE TABLE "golden_image" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"retired_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "golden_version" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"golden_image_id" text NOT NULL,
	"number" integer NOT NULL,
	"image_id" text NOT NULL,
	"state" text NOT NULL,
	"check_instance_id" text,
	"check_started_at" timestamp (3) with time zone,
	"checked_at" timestamp (3) with time zone,
	"check_detail" jsonb,
	"screenshot" text,
	"note" text DEFAULT '' NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"published_at" timestamp (3) with time zone,
	CONSTRAINT "golden_version_state" CHECK ("golden_version"."state" in ('checking', 'checked', 'published', 'failed', 'retired'))
);
--> statement-breakpoint
ALTER TABLE "desktop" ADD CONSTRAINT "desktop_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop" ADD CONSTRAINT "desktop_pool_id_desktop_pool_id_fk" FOREIGN KEY ("pool_id") REFERENCES "public"."desktop_pool"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop" ADD CONSTRAINT "desktop_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop" ADD CONSTRAINT "desktop_version_id_golden_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."golden_version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_assignment" ADD CONSTRAINT "desktop_assignment_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_assignment" ADD CONSTRAINT "desktop_assignment_pool_id_desktop_pool_id_fk" FOREIGN KEY ("pool_id") REFERENCES "public"."desktop_pool"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_golden_image_id_golden_image_id_fk" FOREIGN KEY ("golden_image_id") REFERENCES "public"."golden_image"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_version_id_golden_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."golden_version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_flavor_id_flavor_id_fk" FOREIGN KEY ("flavor_id") REFERENCES "public"."flavor"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_session" ADD CONSTRAINT "desktop_session_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_session" ADD CONSTRAINT "desktop_session_pool_id_desktop_pool_id_fk" FOREIGN KEY ("pool_id") REFERENCES "public"."desktop_pool"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_session" ADD CONSTRAINT "desktop_session_desktop_id_desktop_id_fk" FOREIGN KEY ("desktop_id") REFERENCES "public"."desktop"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "golden_image" ADD CONSTRAINT "golden_image_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "golden_version" ADD CONSTRAINT "golden_version_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "golden_version" ADD CONSTRAINT "golden_version_golden_image_id_golden_image_id_fk" FOREIGN KEY ("golden_image_id") REFERENCES "public"."golden_image"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "golden_version" ADD CONSTRAINT "golden_version_image_id_image_id_fk" FOREIGN KEY ("image_id") REFERENCES "public"."image"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_number" ON "desktop" USING btree ("pool_id","number");--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_instance" ON "desktop" USING btree ("instance_id");--> statement-breakpoint
CREATE INDEX "desktop_pool_state" ON "desktop" USING btree ("pool_id","state");--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_assignment_once" ON "desktop_assignment" USING btree ("pool_id",coalesce("email", ''));--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_pool_name" ON "desktop_pool" USING btree ("organization_id","name") WHERE deleted_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_session_one_person" ON "desktop_session" USING btree ("desktop_id") WHERE ended_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_session_once" ON "desktop_session" USING btree ("pool_id","user_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "desktop_session_history" ON "desktop_session" USING btree ("organization_id","asked_at");--> statement-breakpoint
CREATE UNIQUE INDEX "golden_image_name" ON "golden_image" USING btree ("organization_id","name") WHERE retired_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "golden_version_number" ON "golden_version" USING btree ("golden_image_id","number");