ALTER TABLE "invoice" ADD COLUMN "parked_words" jsonb;--> statement-breakpoint
ALTER TABLE "issuer" ADD COLUMN "bank_text" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_drift" ADD COLUMN "words" jsonb;--> statement-breakpoint
ALTER TABLE "payment_event" ADD COLUMN "note_words" jsonb;--> statement-breakpoint
ALTER TABLE "payment_push" ADD COLUMN "last_error_words" jsonb;--> statement-breakpoint
ALTER TABLE "reconciliation_difference" ADD COLUMN "host_words" jsonb;--> statement-breakpoint
ALTER TABLE "reconciliation_difference" ADD COLUMN "ledger_words" jsonb;--> statement-breakpoint
ALTER TABLE "reconciliation_difference" ADD COLUMN "provider_words" jsonb;