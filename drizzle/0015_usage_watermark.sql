CREATE TABLE "usage_watermark" (
	"host_id" text PRIMARY KEY NOT NULL,
	"through" timestamp (3) with time zone NOT NULL
);
