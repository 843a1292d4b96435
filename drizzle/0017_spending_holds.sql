-- Whatever makes a machine of an organization with a cap on spending run (an order, a start, the end of a suspension, an API), it holds
-- its price for one reservation window first, by one conditional statement: of many at once, exactly as many pass as the cap has room for.
CREATE FUNCTION hold_spending() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rate bigint;
  held bigint;
  cap record;
BEGIN
  IF NEW.desired_power <> 'running' OR (TG_OP = 'UPDATE' AND OLD.desired_power = 'running' AND OLD.flavor_id = NEW.flavor_id) THEN
    RETURN NEW;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM spend_cap c WHERE c.organization_id = NEW.organization_id) THEN
    RETURN NEW;
  END IF;
  SELECT p.micros_per_hour INTO rate FROM price_version p JOIN organization o ON o.id = NEW.organization_id
    WHERE p.meter = 'instance' AND p.flavor_id = NEW.flavor_id AND p.currency = o.currency AND p.valid_from <= NEW.updated_at ORDER BY p.valid_from DESC LIMIT 1;
  rate := coalesce(rate, 0);
  -- A window is one hour, so what is held is the price of an hour.
  SELECT r.amount_micros INTO held FROM spend_reservation r WHERE r.instance_id = NEW.id FOR UPDATE;
  UPDATE spend_cap c SET reserved_micros = greatest(0, c.reserved_micros + rate - coalesce(held, 0))
    WHERE c.organization_id = NEW.organization_id AND c.spent_micros + c.reserved_micros + rate - coalesce(held, 0) <= c.cap_micros;
  IF NOT FOUND THEN
    SELECT * INTO cap FROM spend_cap c WHERE c.organization_id = NEW.organization_id;
    RAISE EXCEPTION 'spending of % is at its cap: % spent and % held of %, % asked for', NEW.organization_id, cap.spent_micros, cap.reserved_micros, cap.cap_micros, rate
      USING ERRCODE = 'BR001', CONSTRAINT = 'spend_cap', DETAIL = json_build_object('spentMicros', cap.spent_micros, 'reservedMicros', cap.reserved_micros, 'capMicros', cap.cap_micros, 'askedMicros', rate)::text;
  END IF;
  INSERT INTO spend_reservation (instance_id, organization_id, micros_per_hour, amount_micros, held_until) VALUES (NEW.id, NEW.organization_id, rate, rate, NEW.updated_at + interval '1 hour')
    ON CONFLICT (instance_id) DO UPDATE SET micros_per_hour = excluded.micros_per_hour, amount_micros = excluded.amount_micros, held_until = excluded.held_until;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER instance_holds_spending BEFORE INSERT OR UPDATE OF desired_power, flavor_id ON instance FOR EACH ROW EXECUTE FUNCTION hold_spending();
