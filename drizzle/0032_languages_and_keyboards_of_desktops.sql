ALTER TABLE "desktop" ADD COLUMN "personalised_as" text;--> statement-breakpoint
ALTER TABLE "desktop" ADD COLUMN "personalisation" jsonb;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "locale" text;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "keyboard" text;--> statement-breakpoint
ALTER TABLE "user_account" ADD COLUMN "desktop_locale" text;--> statement-breakpoint
ALTER TABLE "user_account" ADD COLUMN "keyboard" text;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_locale" CHECK ("desktop_pool"."locale" is null or "desktop_pool"."locale" in ('en_US.UTF-8', 'ja_JP.UTF-8', 'C.UTF-8'));--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_keyboard" CHECK ("desktop_pool"."keyboard" is null or "desktop_pool"."keyboard" in ('us', 'jp'));--> statement-breakpoint
ALTER TABLE "user_account" ADD CONSTRAINT "user_desktop_locale" CHECK ("user_account"."desktop_locale" is null or "user_account"."desktop_locale" in ('en_US.UTF-8', 'ja_JP.UTF-8', 'C.UTF-8'));--> statement-breakpoint
ALTER TABLE "user_account" ADD CONSTRAINT "user_keyboard" CHECK ("user_account"."keyboard" is null or "user_account"."keyboard" in ('us', 'jp'));