CREATE TABLE "desktop_holding" (
	"organization_id" text NOT NULL,
	"desktop_id" text NOT NULL,
	"user_id" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "desktop_holding_desktop_id_started_at_pk" PRIMARY KEY("desktop_id","started_at"),
	CONSTRAINT "desktop_holding_order" CHECK ("desktop_holding"."ended_at" is null or "desktop_holding"."started_at" <= "desktop_holding"."ended_at")
);
--> statement-breakpoint
ALTER TABLE "desktop_holding" ADD CONSTRAINT "desktop_holding_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_holding" ADD CONSTRAINT "desktop_holding_desktop_id_desktop_id_fk" FOREIGN KEY ("desktop_id") REFERENCES "public"."desktop"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_holding_one" ON "desktop_holding" USING btree ("desktop_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "desktop_holding_organization" ON "desktop_holding" USING btree ("organization_id","started_at");
--> statement-breakpoint
-- Whose they are now is known; since when is the beginning of their last session there.
INSERT INTO "desktop_holding" ("organization_id", "desktop_id", "user_id", "started_at")
SELECT d.organization_id, d.id, d.assigned_user_id, coalesce((SELECT max(s.asked_at) FROM desktop_session s WHERE s.desktop_id = d.id AND s.user_id = d.assigned_user_id), d.created_at)
FROM "desktop" d WHERE d.assigned_user_id IS NOT NULL AND d.state <> 'retired';
