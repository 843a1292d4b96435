-- Takes one free address of a network: walks its range once around from a given place and inserts at the first address
-- that the unique index lets in. Runs as the caller, so that row-level security holds; the index sees every tenant's.
-- Null: the range is full.
CREATE FUNCTION claim_address(
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
    INTO first_ip, gateway_ip, size FROM network n WHERE n.id = of_network_id;
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
