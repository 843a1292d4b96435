-- The last walls: what no code above may break, whatever it believes.
CREATE EXTENSION IF NOT EXISTS btree_gist;
--> statement-breakpoint
ALTER TABLE usage_window ADD CONSTRAINT usage_window_no_overlap
  EXCLUDE USING gist (resource_id WITH =, meter WITH =, tstzrange(started_at, ended_at, '[)') WITH &&);
--> statement-breakpoint
CREATE UNIQUE INDEX usage_window_one_open ON usage_window (resource_id, meter) WHERE closed_at IS NULL;
--> statement-breakpoint
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % refused: rows of this table are never changed', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER price_version_immutable BEFORE UPDATE OR DELETE ON price_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER invoice_line_immutable BEFORE UPDATE OR DELETE ON invoice_line FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE FUNCTION guard_usage_window() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'usage window % is never deleted', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'usage window % is closed and never changed', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.started_at <> OLD.started_at OR NEW.quantity <> OLD.quantity OR NEW.resource_id <> OLD.resource_id
     OR NEW.meter <> OLD.meter OR NEW.organization_id <> OLD.organization_id OR NEW.flavor_id IS DISTINCT FROM OLD.flavor_id
     OR NEW.ended_at < OLD.ended_at THEN
    RAISE EXCEPTION 'usage window % may only grow and close', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER usage_window_frozen BEFORE UPDATE OR DELETE ON usage_window FOR EACH ROW EXECUTE FUNCTION guard_usage_window();
