ALTER TABLE "console_session" ADD COLUMN "desktop_session_id" text;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD COLUMN "desktop_session_id" text;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD COLUMN "clipboard_in" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD COLUMN "clipboard_out" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD COLUMN "remote_resize" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD COLUMN "idle_seconds" integer;