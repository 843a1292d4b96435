-- Whatever asks for power for a machine of a suspended organization (the end of a cap, a suspend that could not be done, a statement by hand),
-- it is stopped by the standing instead, and comes back when the suspension is over. People hear a refusal before they come here. Its
-- name comes before the spending trigger's, so that nothing is held for what does not start.
CREATE FUNCTION ask_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.desired_power <> 'running' OR (TG_OP = 'UPDATE' AND OLD.desired_power = 'running') THEN
    RETURN NEW;
  END IF;
  IF EXISTS (SELECT 1 FROM organization o WHERE o.id = NEW.organization_id AND o.standing = 'suspended') THEN
    NEW.desired_power := 'stopped';
    NEW.power_decided_by := 'standing';
    NEW.stop_requested_at := NEW.updated_at;
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER instance_asks_standing BEFORE INSERT OR UPDATE OF desired_power ON instance FOR EACH ROW EXECUTE FUNCTION ask_standing();
