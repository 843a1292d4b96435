ALTER TABLE "desktop_session" ADD COLUMN "connect_ms" integer;--> statement-breakpoint
ALTER TABLE "desktop_session" ADD COLUMN "latency_ms" integer;--> statement-breakpoint
CREATE INDEX "desktop_session_asked" ON "desktop_session" USING btree ("asked_at");--> statement-breakpoint
ALTER TABLE "desktop_session" ADD CONSTRAINT "desktop_session_measured" CHECK (("desktop_session"."connect_ms" is null or "desktop_session"."connect_ms" >= 0) and ("desktop_session"."latency_ms" is null or "desktop_session"."latency_ms" >= 0));