ALTER TABLE "network" ADD COLUMN "removed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "network_id" text;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD COLUMN "records_events" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "desktop_session" ADD COLUMN "told_events" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "desktop_pool" ADD CONSTRAINT "desktop_pool_network_id_network_id_fk" FOREIGN KEY ("network_id") REFERENCES "public"."network"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "network_private_name" ON "network" USING btree ("organization_id","cluster_id","name") WHERE organization_id is not null and removed_at is null;--> statement-breakpoint
-- Machines of different private networks share the bridges of a cluster and are kept apart by their addresses, so no two such networks may overlap, whoever owns them.
ALTER TABLE network ADD CONSTRAINT network_private_apart
  EXCLUDE USING gist (cluster_id WITH =, ((cidr::inet)) inet_ops WITH &&) WHERE (organization_id IS NOT NULL AND removed_at IS NULL);--> statement-breakpoint
-- The first free address of a range, walking from a fraction of it. A network that is being removed at this moment gives none: the key share lock waits for who removes it, and then sees that it is gone.
CREATE OR REPLACE FUNCTION claim_address(
  address_id text, owner_organization_id text, of_network_id text, for_instance_id text, mac_text text, start_fraction double precision, at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  first_ip inet;
  gateway_ip inet;
  size bigint;
  start bigint;
  candidate inet;
BEGIN
  SELECT n.first_address::inet, n.gateway::inet, n.last_address::inet - n.first_address::inet + 1
    INTO first_ip, gateway_ip, size FROM network n WHERE n.id = of_network_id AND n.removed_at IS NULL FOR KEY SHARE;
  IF size IS NULL THEN RETURN NULL; END IF;
  start := floor(start_fraction * size);
  FOR step IN 0 .. size - 1 LOOP
    candidate := first_ip + (start + step) % size;
    CONTINUE WHEN candidate = gateway_ip;
    INSERT INTO address (id, organization_id, network_id, instance_id, kind, ip, mac, created_at)
      VALUES (address_id, owner_organization_id, of_network_id, for_instance_id, 'private', host(candidate), mac_text, at)
      ON CONFLICT (network_id, ip) WHERE released_at IS NULL DO NOTHING;
    IF FOUND THEN RETURN host(candidate); END IF;
  END LOOP;
  RETURN NULL;
END $$;
