--> statement-breakpoint
-- Whose they are now is known; since when is the beginning of their last session there.
INSERT INTO "desktop_holding" ("organization_id", "desktop_id", "user_id", "started_at")
SELECT d.organization_id, d.id, d.assigned_user_id, coalesce((SELECT max(s.asked_at) FROM desktop_session s WHERE s.desktop_id = d.id AND s.user_id = d.assigned_user_id), d.created_at)
FROM "desktop" d WHERE d.assigned_user_id IS NOT NULL AND d.state <> 'retired';
