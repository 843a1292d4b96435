ALTER TABLE "host" ADD COLUMN "preflight" jsonb;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "preflight_at" timestamp (3) with time zone;