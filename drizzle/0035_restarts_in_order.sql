CREATE TABLE "start_after" (
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"after_instance_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "start_after_instance_id_after_instance_id_pk" PRIMARY KEY("instance_id","after_instance_id"),
	CONSTRAINT "start_after_not_itself" CHECK ("start_after"."instance_id" <> "start_after"."after_instance_id")
);
--> statement-breakpoint
ALTER TABLE "start_after" ADD CONSTRAINT "start_after_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "start_after" ADD CONSTRAINT "start_after_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "start_after" ADD CONSTRAINT "start_after_after_instance_id_instance_id_fk" FOREIGN KEY ("after_instance_id") REFERENCES "public"."instance"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "start_after_after" ON "start_after" USING btree ("after_instance_id");--> statement-breakpoint
CREATE INDEX "start_after_organization" ON "start_after" USING btree ("organization_id");--> statement-breakpoint
-- Nobody's machine waits for another organization's, or for one that is never lost together with it. The share lock waits for a purge of either, and then sees it.
CREATE FUNCTION guard_start_after() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  found_clusters text[];
BEGIN
  SELECT array_agg(cluster_id) INTO found_clusters FROM (
    SELECT i.cluster_id FROM instance i
      WHERE i.id IN (NEW.instance_id, NEW.after_instance_id) AND i.organization_id = NEW.organization_id AND i.purged_at IS NULL ORDER BY i.id FOR SHARE
  ) found;
  IF found_clusters IS NULL OR cardinality(found_clusters) <> 2 OR found_clusters[1] <> found_clusters[2] THEN
    RAISE EXCEPTION '% cannot start after %: both must be instances of one organization and cluster', NEW.instance_id, NEW.after_instance_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER start_after_among_own BEFORE INSERT OR UPDATE ON start_after FOR EACH ROW EXECUTE FUNCTION guard_start_after();
