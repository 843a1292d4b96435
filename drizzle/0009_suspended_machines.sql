ALTER TABLE "instance" DROP CONSTRAINT "instance_power";--> statement-breakpoint
ALTER TABLE "volume" ADD COLUMN "used_by_epoch" bigint;--> statement-breakpoint
ALTER TABLE "instance" ADD CONSTRAINT "instance_power" CHECK ("instance"."desired_power" in ('running', 'stopped', 'suspended'));