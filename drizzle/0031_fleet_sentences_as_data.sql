ALTER TABLE "advice" ADD COLUMN "reason_words" jsonb;--> statement-breakpoint
ALTER TABLE "drill" ADD COLUMN "reason_words" jsonb;--> statement-breakpoint
ALTER TABLE "host_power_event" ADD COLUMN "reason_words" jsonb;--> statement-breakpoint
ALTER TABLE "host_update" ADD COLUMN "reason_words" jsonb;--> statement-breakpoint
ALTER TABLE "host_update_host" ADD COLUMN "reason_words" jsonb;--> statement-breakpoint
ALTER TABLE "incident" ADD COLUMN "title_words" jsonb;--> statement-breakpoint
ALTER TABLE "incident_entry" ADD COLUMN "words" jsonb;--> statement-breakpoint
ALTER TABLE "sleep_certificate" ADD COLUMN "end_words" jsonb;--> statement-breakpoint
ALTER TABLE "fencing" ADD COLUMN "last_error_words" jsonb;--> statement-breakpoint
ALTER TABLE "host" ADD COLUMN "power_state_words" jsonb;