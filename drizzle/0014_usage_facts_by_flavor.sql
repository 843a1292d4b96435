ALTER TABLE "usage_fact" DROP CONSTRAINT "usage_fact_instance_id_minute_host_id_run_at_pk";--> statement-breakpoint
ALTER TABLE "usage_fact" ALTER COLUMN "flavor_id" SET DEFAULT '';--> statement-breakpoint
ALTER TABLE "usage_fact" ALTER COLUMN "flavor_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_fact" ADD COLUMN "movable" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_fact" ADD CONSTRAINT "usage_fact_pk" PRIMARY KEY("instance_id","minute","host_id","run_at","flavor_id","movable");
