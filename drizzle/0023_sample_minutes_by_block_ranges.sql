DROP INDEX "sample_minute";--> statement-breakpoint
CREATE INDEX "sample_minute" ON "sample" USING brin ("minute");