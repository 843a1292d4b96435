DROP INDEX "quota_hold_subject";--> statement-breakpoint
ALTER TABLE "image" ADD COLUMN "uploaded_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "image" ADD COLUMN "quota_storage_gib" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instance" ADD COLUMN "quota_instances" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instance" ADD COLUMN "quota_vcpus" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instance" ADD COLUMN "quota_memory_mib" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instance" ADD COLUMN "quota_storage_gib" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "rebuild_generation" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "phase" text;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "phase_changed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "waiting" jsonb;--> statement-breakpoint
ALTER TABLE "network" ADD COLUMN "dns_servers" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "quota_hold_subject" ON "quota_hold" USING btree ("organization_id","subject_id","purpose");