CREATE TABLE "desktop_picture" (
	"desktop_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"png" text NOT NULL,
	"taken_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "pictures_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "desktop_picture" ADD CONSTRAINT "desktop_picture_desktop_id_desktop_id_fk" FOREIGN KEY ("desktop_id") REFERENCES "public"."desktop"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_picture" ADD CONSTRAINT "desktop_picture_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;