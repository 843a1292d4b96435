ALTER TABLE "console_ticket" ADD COLUMN "file_way" text;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD COLUMN "file_name" text;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD COLUMN "file_bytes" bigint;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "files_in" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "files_out" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "file_limit_mib" integer DEFAULT 64 NOT NULL;--> statement-breakpoint
ALTER TABLE "console_ticket" ADD CONSTRAINT "console_ticket_file_way" CHECK (("kind" = 'files') = ("file_way" IS NOT NULL) AND ("file_way" IS NULL OR "file_way" IN ('list', 'in', 'out')) AND ("file_way" IS NULL OR "file_way" = 'list' OR ("file_name" IS NOT NULL AND "file_bytes" IS NOT NULL)) AND ("kind" <> 'files' OR "desktop_session_id" IS NOT NULL));--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_file_limit" CHECK ("file_limit_mib" BETWEEN 1 AND 1024);
