CREATE TABLE "desktop_group" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "desktop_group_member" (
	"organization_id" text NOT NULL,
	"group_id" text NOT NULL,
	"email" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "desktop_group_member_group_id_email_pk" PRIMARY KEY("group_id","email"),
	CONSTRAINT "desktop_group_member_lower" CHECK ("desktop_group_member"."email" = lower("desktop_group_member"."email"))
);
--> statement-breakpoint
DROP INDEX "desktop_assignment_once";--> statement-breakpoint
ALTER TABLE "desktop_assignment" ADD COLUMN "group_id" text;--> statement-breakpoint
ALTER TABLE "desktop_group" ADD CONSTRAINT "desktop_group_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_group_member" ADD CONSTRAINT "desktop_group_member_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desktop_group_member" ADD CONSTRAINT "desktop_group_member_group_id_desktop_group_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."desktop_group"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_group_name" ON "desktop_group" USING btree ("organization_id",lower("name"));--> statement-breakpoint
CREATE INDEX "desktop_group_member_email" ON "desktop_group_member" USING btree ("organization_id","email");--> statement-breakpoint
ALTER TABLE "desktop_assignment" ADD CONSTRAINT "desktop_assignment_group_id_desktop_group_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."desktop_group"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "desktop_assignment_one" ON "desktop_assignment" USING btree ("pool_id",coalesce("email", ''),coalesce("group_id", ''));--> statement-breakpoint
ALTER TABLE "desktop_assignment" ADD CONSTRAINT "desktop_assignment_whom" CHECK ("desktop_assignment"."email" is null or "desktop_assignment"."group_id" is null);