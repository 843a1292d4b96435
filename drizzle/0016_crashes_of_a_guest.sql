ALTER TABLE "instance_observation" ADD COLUMN "crashes" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "crashes_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "crashed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "crash_generation" integer;