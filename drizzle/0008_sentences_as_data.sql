ALTER TABLE "image" ADD COLUMN "status_words" jsonb;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "pending_boot_words" jsonb;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD COLUMN "last_error_words" jsonb;--> statement-breakpoint
ALTER TABLE "decision" ADD COLUMN "reason_words" jsonb;--> statement-breakpoint
ALTER TABLE "fencing" ADD COLUMN "reason_words" jsonb;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "state_words" jsonb;--> statement-breakpoint
ALTER TABLE "migration" ADD COLUMN "reason_words" jsonb;