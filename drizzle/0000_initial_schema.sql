CREATE TABLE "invoice" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"number" text,
	"currency" text NOT NULL,
	"period_start" timestamp (3) with time zone NOT NULL,
	"period_end" timestamp (3) with time zone NOT NULL,
	"status" text NOT NULL,
	"total_minor" bigint NOT NULL,
	"rounding_micros" bigint NOT NULL,
	"issued_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invoice_line" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"invoice_id" text NOT NULL,
	"position" integer NOT NULL,
	"price_version_id" text NOT NULL,
	"description" jsonb NOT NULL,
	"quantity_unit_ms" bigint NOT NULL,
	"amount_micros" bigint NOT NULL,
	"window_ids" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "invoice_line_quantity" CHECK ("invoice_line"."quantity_unit_ms" >= 0)
);
--> statement-breakpoint
CREATE TABLE "flavor" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"class" text NOT NULL,
	"vcpus" integer NOT NULL,
	"memory_mib" integer NOT NULL,
	"disk_gib" integer NOT NULL,
	"cpu_reservation_millicores" integer NOT NULL,
	"cpu_limit_millicores" integer,
	"cpu_shares" integer DEFAULT 1024 NOT NULL,
	"memory_reservation_mib" integer NOT NULL,
	"on_sale" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "flavor_class" CHECK ("flavor"."class" in ('dedicated', 'standard', 'burstable')),
	CONSTRAINT "flavor_sizes" CHECK ("flavor"."vcpus" > 0 and "flavor"."memory_mib" > 0 and "flavor"."disk_gib" > 0),
	CONSTRAINT "flavor_reservation" CHECK ("flavor"."cpu_reservation_millicores" between 0 and "flavor"."vcpus" * 1000 and "flavor"."memory_reservation_mib" between 0 and "flavor"."memory_mib")
);
--> statement-breakpoint
CREATE TABLE "image" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"architecture" text DEFAULT 'x86_64' NOT NULL,
	"boot_kind" text NOT NULL,
	"firmware" text DEFAULT 'bios' NOT NULL,
	"kernel_file" text,
	"initrd_file" text,
	"kernel_command_line" text,
	"volume" text NOT NULL,
	"format" text NOT NULL,
	"virtual_size_mib" integer NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"minimum_memory_mib" integer DEFAULT 64 NOT NULL,
	"status" text NOT NULL,
	"status_reason" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "price_version" (
	"id" text PRIMARY KEY NOT NULL,
	"meter" text NOT NULL,
	"flavor_id" text,
	"currency" text NOT NULL,
	"micros_per_hour" bigint NOT NULL,
	"valid_from" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	CONSTRAINT "price_version_positive" CHECK ("price_version"."micros_per_hour" >= 0),
	CONSTRAINT "price_version_flavor" CHECK (("price_version"."meter" = 'instance') = ("price_version"."flavor_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "address" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"network_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"kind" text DEFAULT 'private' NOT NULL,
	"ip" text NOT NULL,
	"mac" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"released_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "instance" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"cluster_id" text NOT NULL,
	"name" text NOT NULL,
	"flavor_id" text NOT NULL,
	"image_id" text NOT NULL,
	"uuid" text NOT NULL,
	"vcpus" integer NOT NULL,
	"memory_mib" integer NOT NULL,
	"disk_gib" integer NOT NULL,
	"desired_power" text NOT NULL,
	"generation" integer DEFAULT 1 NOT NULL,
	"boot_generation" integer DEFAULT 1 NOT NULL,
	"reboot_mode" text DEFAULT 'guest' NOT NULL,
	"rebuild_generation" integer DEFAULT 1 NOT NULL,
	"stop_requested_at" timestamp (3) with time zone,
	"stop_grace_seconds" integer DEFAULT 30 NOT NULL,
	"power_decided_by" text DEFAULT 'tenant' NOT NULL,
	"ha_priority" integer DEFAULT 100 NOT NULL,
	"anti_affinity_group" text,
	"movable" boolean DEFAULT true NOT NULL,
	"user_data" text DEFAULT '' NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	"purge_after" timestamp (3) with time zone,
	"purged_at" timestamp (3) with time zone,
	CONSTRAINT "instance_power" CHECK ("instance"."desired_power" in ('running', 'stopped')),
	CONSTRAINT "instance_sizes" CHECK ("instance"."vcpus" > 0 and "instance"."memory_mib" > 0 and "instance"."disk_gib" > 0)
);
--> statement-breakpoint
CREATE TABLE "instance_event" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"decision_id" text
);
--> statement-breakpoint
CREATE TABLE "instance_observation" (
	"instance_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"host_id" text,
	"state" text NOT NULL,
	"reason" text DEFAULT 'unknown' NOT NULL,
	"epoch" bigint,
	"vcpus" integer,
	"memory_mib" integer,
	"disk_gib" integer,
	"boot_generation" integer DEFAULT 0 NOT NULL,
	"applied_generation" integer DEFAULT 0 NOT NULL,
	"pending_boot_reason" text,
	"running_since" timestamp (3) with time zone,
	"observed_at" timestamp (3) with time zone NOT NULL,
	"agent_seen_at" timestamp (3) with time zone,
	"last_error" text,
	"last_error_at" timestamp (3) with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"retry_after" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "instance_ssh_key" (
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"ssh_key_id" text NOT NULL,
	CONSTRAINT "instance_ssh_key_instance_id_ssh_key_id_pk" PRIMARY KEY("instance_id","ssh_key_id")
);
--> statement-breakpoint
CREATE TABLE "network" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text,
	"cluster_id" text NOT NULL,
	"name" text NOT NULL,
	"cidr" text NOT NULL,
	"gateway" text,
	"first_address" text NOT NULL,
	"last_address" text NOT NULL,
	"bridge" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ssh_key" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"public_key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "volume" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"pool_id" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"format" text NOT NULL,
	"size_gib" integer NOT NULL,
	"backing_volume" text,
	"backing_format" text,
	"rebuild_generation" integer DEFAULT 1 NOT NULL,
	"state" text NOT NULL,
	"observed_size_mib" integer,
	"present_since" timestamp (3) with time zone,
	"removed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "console_session" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"user_id" text NOT NULL,
	"user_session_id" text,
	"kind" text NOT NULL,
	"view_only" boolean DEFAULT false NOT NULL,
	"gateway" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"end_reason" text,
	"bytes_to_client" bigint DEFAULT 0 NOT NULL,
	"bytes_from_client" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "console_ticket" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"user_id" text NOT NULL,
	"user_session_id" text,
	"kind" text NOT NULL,
	"view_only" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"redeemed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "allocation" (
	"instance_id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"host_id" text NOT NULL,
	"epoch" bigint NOT NULL,
	"vcpus" integer NOT NULL,
	"memory_mib" integer NOT NULL,
	"cpu_reservation_millicores" integer NOT NULL,
	"memory_reservation_mib" integer NOT NULL,
	"decision_id" text NOT NULL,
	"decided_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cluster" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"hypervisor" text NOT NULL,
	"cpu_model" text NOT NULL,
	"cpu_ratio" double precision DEFAULT 4 NOT NULL,
	"memory_ratio" double precision DEFAULT 1 NOT NULL,
	"storage_ratio" double precision DEFAULT 2 NOT NULL,
	"storage_floor_fraction" double precision DEFAULT 0.1 NOT NULL,
	"failover_hosts" integer DEFAULT 1 NOT NULL,
	"suspect_after_seconds" double precision DEFAULT 3 NOT NULL,
	"fence_after_seconds" double precision DEFAULT 6 NOT NULL,
	"fence_brake_fraction" double precision DEFAULT 0.34 NOT NULL,
	"generation" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "cluster_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "decision" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"cluster_id" text NOT NULL,
	"subject_organization_id" text,
	"instance_id" text,
	"host_id" text,
	"based_on" jsonb NOT NULL,
	"inputs" jsonb NOT NULL,
	"chosen" jsonb NOT NULL,
	"rejected" jsonb NOT NULL,
	"reason" text NOT NULL,
	"predicted" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"measured" jsonb,
	"outcome" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "fencing" (
	"id" text PRIMARY KEY NOT NULL,
	"host_id" text NOT NULL,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"silent_since" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	"confirmed_at" timestamp (3) with time zone,
	"method" text,
	"vouched_by" text,
	"closed_at" timestamp (3) with time zone,
	"decision_id" text
);
--> statement-breakpoint
CREATE TABLE "host" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"name" text NOT NULL,
	"uri" text NOT NULL,
	"management_address" text NOT NULL,
	"host_uuid" text,
	"hypervisor_version" text,
	"usable_cpu_models" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"failure_domain" text DEFAULT '' NOT NULL,
	"cores" integer NOT NULL,
	"memory_mib" integer NOT NULL,
	"system_memory_mib" integer DEFAULT 0 NOT NULL,
	"state" text NOT NULL,
	"state_reason" text DEFAULT '' NOT NULL,
	"state_changed_at" timestamp (3) with time zone NOT NULL,
	"cordoned" boolean DEFAULT false NOT NULL,
	"drain_requested_at" timestamp (3) with time zone,
	"drain_requested_by" text,
	"maintenance" boolean DEFAULT false NOT NULL,
	"last_seen_at" timestamp (3) with time zone,
	"silent_since" timestamp (3) with time zone,
	"clock_skew_ms" bigint,
	"committed_vcpus" integer DEFAULT 0 NOT NULL,
	"committed_memory_mib" integer DEFAULT 0 NOT NULL,
	"reserved_cpu_millicores" integer DEFAULT 0 NOT NULL,
	"reserved_memory_mib" integer DEFAULT 0 NOT NULL,
	"generation" bigint DEFAULT 1 NOT NULL,
	"enrolled_at" timestamp (3) with time zone NOT NULL,
	"retired_at" timestamp (3) with time zone,
	CONSTRAINT "host_state" CHECK ("host"."state" in ('enrolling', 'up', 'suspect', 'unreachable', 'fencing', 'fenced', 'returning', 'asleep', 'quarantined', 'retired')),
	CONSTRAINT "host_reserved_cpu" CHECK ("host"."reserved_cpu_millicores" between 0 and "host"."cores" * 1000),
	CONSTRAINT "host_reserved_memory" CHECK ("host"."reserved_memory_mib" between 0 and "host"."memory_mib" - "host"."system_memory_mib"),
	CONSTRAINT "host_committed" CHECK ("host"."committed_vcpus" >= 0 and "host"."committed_memory_mib" >= 0)
);
--> statement-breakpoint
CREATE TABLE "host_power" (
	"host_id" text PRIMARY KEY NOT NULL,
	"config" jsonb NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "instance_epoch" (
	"instance_id" text PRIMARY KEY NOT NULL,
	"epoch" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "migration" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"from_host_id" text NOT NULL,
	"to_host_id" text NOT NULL,
	"vcpus" integer NOT NULL,
	"memory_mib" integer NOT NULL,
	"cpu_reservation_millicores" integer NOT NULL,
	"memory_reservation_mib" integer NOT NULL,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"wave" integer DEFAULT 0 NOT NULL,
	"decision_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"total_ms" bigint,
	"downtime_ms" bigint,
	"transferred_bytes" bigint,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "storage_pool" (
	"id" text PRIMARY KEY NOT NULL,
	"cluster_id" text NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"capacity_mib" bigint NOT NULL,
	"available_mib" bigint NOT NULL,
	"observed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "loop_lease" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"epoch" bigint NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "loop_status" (
	"name" text PRIMARY KEY NOT NULL,
	"worker" text NOT NULL,
	"last_started_at" timestamp (3) with time zone NOT NULL,
	"last_finished_at" timestamp (3) with time zone,
	"last_duration_ms" integer,
	"last_error" text,
	"last_error_at" timestamp (3) with time zone,
	"backlog" integer DEFAULT 0 NOT NULL,
	"runs" bigint DEFAULT 0 NOT NULL,
	"failures" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" text PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"subject_organization_id" text,
	"payload" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"not_before" timestamp (3) with time zone NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"last_error" text
);
--> statement-breakpoint
CREATE TABLE "sample" (
	"organization_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"cpu_millicores" integer NOT NULL,
	"cpu_steal_millicores" integer DEFAULT 0 NOT NULL,
	"memory_used_mib" integer,
	"disk_read_bps" double precision DEFAULT 0 NOT NULL,
	"disk_written_bps" double precision DEFAULT 0 NOT NULL,
	"net_received_bps" double precision DEFAULT 0 NOT NULL,
	"net_sent_bps" double precision DEFAULT 0 NOT NULL,
	CONSTRAINT "sample_instance_id_minute_pk" PRIMARY KEY("instance_id","minute")
);
--> statement-breakpoint
CREATE TABLE "sample_counter" (
	"instance_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"epoch" bigint,
	"cpu_time_ns" text NOT NULL,
	"cpu_delay_ns" text NOT NULL,
	"disk_read_bytes" text NOT NULL,
	"disk_written_bytes" text NOT NULL,
	"net_received_bytes" text NOT NULL,
	"net_sent_bytes" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_window" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"meter" text NOT NULL,
	"resource_id" text NOT NULL,
	"instance_id" text NOT NULL,
	"flavor_id" text,
	"class" text,
	"quantity" bigint NOT NULL,
	"vcpus" integer,
	"memory_mib" integer,
	"host_id" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone,
	"closed_reason" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "usage_window_meter" CHECK ("usage_window"."meter" in ('instance', 'storage', 'address')),
	CONSTRAINT "usage_window_order" CHECK ("usage_window"."started_at" <= "usage_window"."ended_at"),
	CONSTRAINT "usage_window_quantity" CHECK ("usage_window"."quantity" > 0)
);
--> statement-breakpoint
CREATE TABLE "quota_hold" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"subject_id" text NOT NULL,
	"purpose" text NOT NULL,
	"amounts" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quota" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"limit_instances" bigint NOT NULL,
	"limit_vcpus" bigint NOT NULL,
	"limit_memory_mib" bigint NOT NULL,
	"limit_storage_gib" bigint NOT NULL,
	"limit_public_addresses" bigint NOT NULL,
	"limit_snapshots" bigint NOT NULL,
	"ceiling_instances" bigint NOT NULL,
	"ceiling_vcpus" bigint NOT NULL,
	"ceiling_memory_mib" bigint NOT NULL,
	"ceiling_storage_gib" bigint NOT NULL,
	"ceiling_public_addresses" bigint NOT NULL,
	"ceiling_snapshots" bigint NOT NULL,
	"committed_instances" bigint DEFAULT 0 NOT NULL,
	"committed_vcpus" bigint DEFAULT 0 NOT NULL,
	"committed_memory_mib" bigint DEFAULT 0 NOT NULL,
	"committed_storage_gib" bigint DEFAULT 0 NOT NULL,
	"committed_public_addresses" bigint DEFAULT 0 NOT NULL,
	"committed_snapshots" bigint DEFAULT 0 NOT NULL,
	"held_instances" bigint DEFAULT 0 NOT NULL,
	"held_vcpus" bigint DEFAULT 0 NOT NULL,
	"held_memory_mib" bigint DEFAULT 0 NOT NULL,
	"held_storage_gib" bigint DEFAULT 0 NOT NULL,
	"held_public_addresses" bigint DEFAULT 0 NOT NULL,
	"held_snapshots" bigint DEFAULT 0 NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "quota_instances" CHECK ("quota"."committed_instances" >= 0 and "quota"."held_instances" >= 0 and "quota"."committed_instances" + "quota"."held_instances" <= "quota"."ceiling_instances"),
	CONSTRAINT "quota_vcpus" CHECK ("quota"."committed_vcpus" >= 0 and "quota"."held_vcpus" >= 0 and "quota"."committed_vcpus" + "quota"."held_vcpus" <= "quota"."ceiling_vcpus"),
	CONSTRAINT "quota_memory" CHECK ("quota"."committed_memory_mib" >= 0 and "quota"."held_memory_mib" >= 0 and "quota"."committed_memory_mib" + "quota"."held_memory_mib" <= "quota"."ceiling_memory_mib"),
	CONSTRAINT "quota_storage" CHECK ("quota"."committed_storage_gib" >= 0 and "quota"."held_storage_gib" >= 0 and "quota"."committed_storage_gib" + "quota"."held_storage_gib" <= "quota"."ceiling_storage_gib"),
	CONSTRAINT "quota_addresses" CHECK ("quota"."committed_public_addresses" >= 0 and "quota"."held_public_addresses" >= 0 and "quota"."committed_public_addresses" + "quota"."held_public_addresses" <= "quota"."ceiling_public_addresses"),
	CONSTRAINT "quota_snapshots" CHECK ("quota"."committed_snapshots" >= 0 and "quota"."held_snapshots" >= 0 and "quota"."committed_snapshots" + "quota"."held_snapshots" <= "quota"."ceiling_snapshots")
);
--> statement-breakpoint
CREATE TABLE "audit_entry" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"chain" text NOT NULL,
	"sequence" bigint NOT NULL,
	"organization_id" text,
	"at" timestamp (3) with time zone NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"action" text NOT NULL,
	"target_kind" text NOT NULL,
	"target_id" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"request_id" text NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_head" (
	"chain" text PRIMARY KEY NOT NULL,
	"organization_id" text,
	"sequence" bigint NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_key" (
	"organization_id" text NOT NULL,
	"key" text NOT NULL,
	"action" text NOT NULL,
	"input_hash" text NOT NULL,
	"target_id" text NOT NULL,
	"done" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_key_organization_id_key_pk" PRIMARY KEY("organization_id","key")
);
--> statement-breakpoint
CREATE TABLE "invitation" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"email" text NOT NULL,
	"role" text NOT NULL,
	"token_hash" text NOT NULL,
	"invited_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"accepted_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "member" (
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "member_organization_id_user_id_pk" PRIMARY KEY("organization_id","user_id"),
	CONSTRAINT "member_role" CHECK ("member"."role" in ('owner', 'admin', 'operator', 'billing', 'viewer'))
);
--> statement-breakpoint
CREATE TABLE "organization" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"currency" text DEFAULT 'JPY' NOT NULL,
	"time_zone" text DEFAULT 'Asia/Tokyo' NOT NULL,
	"standing" text DEFAULT 'good' NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone,
	CONSTRAINT "organization_standing" CHECK ("organization"."standing" in ('good', 'restricted', 'suspended'))
);
--> statement-breakpoint
CREATE TABLE "rate_limit" (
	"key" text PRIMARY KEY NOT NULL,
	"points" integer DEFAULT 0 NOT NULL,
	"expire" bigint
);
--> statement-breakpoint
CREATE TABLE "user_account" (
	"id" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"password_hash" text,
	"locale" text DEFAULT 'en' NOT NULL,
	"time_zone" text DEFAULT 'Asia/Tokyo' NOT NULL,
	"operator_role" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"disabled_at" timestamp (3) with time zone,
	CONSTRAINT "user_email_lower" CHECK ("user_account"."email" = lower("user_account"."email"))
);
--> statement-breakpoint
CREATE TABLE "user_session" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"last_seen_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"ip_address" text,
	"user_agent" text
);
--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD CONSTRAINT "invoice_line_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_line" ADD CONSTRAINT "invoice_line_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "image" ADD CONSTRAINT "image_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "price_version" ADD CONSTRAINT "price_version_flavor_id_flavor_id_fk" FOREIGN KEY ("flavor_id") REFERENCES "public"."flavor"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "address" ADD CONSTRAINT "address_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "address" ADD CONSTRAINT "address_network_id_network_id_fk" FOREIGN KEY ("network_id") REFERENCES "public"."network"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "address" ADD CONSTRAINT "address_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance" ADD CONSTRAINT "instance_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance" ADD CONSTRAINT "instance_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance" ADD CONSTRAINT "instance_flavor_id_flavor_id_fk" FOREIGN KEY ("flavor_id") REFERENCES "public"."flavor"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance" ADD CONSTRAINT "instance_image_id_image_id_fk" FOREIGN KEY ("image_id") REFERENCES "public"."image"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance_event" ADD CONSTRAINT "instance_event_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance_event" ADD CONSTRAINT "instance_event_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance_observation" ADD CONSTRAINT "instance_observation_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance_ssh_key" ADD CONSTRAINT "instance_ssh_key_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instance_ssh_key" ADD CONSTRAINT "instance_ssh_key_ssh_key_id_ssh_key_id_fk" FOREIGN KEY ("ssh_key_id") REFERENCES "public"."ssh_key"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "network" ADD CONSTRAINT "network_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "network" ADD CONSTRAINT "network_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ssh_key" ADD CONSTRAINT "ssh_key_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "volume" ADD CONSTRAINT "volume_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "volume" ADD CONSTRAINT "volume_instance_id_instance_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instance"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "allocation" ADD CONSTRAINT "allocation_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "allocation" ADD CONSTRAINT "allocation_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "decision" ADD CONSTRAINT "decision_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fencing" ADD CONSTRAINT "fencing_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host" ADD CONSTRAINT "host_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "host_power" ADD CONSTRAINT "host_power_host_id_host_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "migration" ADD CONSTRAINT "migration_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "migration" ADD CONSTRAINT "migration_from_host_id_host_id_fk" FOREIGN KEY ("from_host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "migration" ADD CONSTRAINT "migration_to_host_id_host_id_fk" FOREIGN KEY ("to_host_id") REFERENCES "public"."host"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "storage_pool" ADD CONSTRAINT "storage_pool_cluster_id_cluster_id_fk" FOREIGN KEY ("cluster_id") REFERENCES "public"."cluster"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_window" ADD CONSTRAINT "usage_window_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quota_hold" ADD CONSTRAINT "quota_hold_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quota" ADD CONSTRAINT "quota_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "idempotency_key" ADD CONSTRAINT "idempotency_key_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_invited_by_user_account_id_fk" FOREIGN KEY ("invited_by") REFERENCES "public"."user_account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_user_id_user_account_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user_account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_session" ADD CONSTRAINT "user_session_user_id_user_account_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user_account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "invoice_period" ON "invoice" USING btree ("organization_id","period_start") WHERE status <> 'void';--> statement-breakpoint
CREATE INDEX "invoice_line_invoice" ON "invoice_line" USING btree ("invoice_id","position");--> statement-breakpoint
CREATE UNIQUE INDEX "flavor_name" ON "flavor" USING btree ("name");--> statement-breakpoint
CREATE INDEX "image_organization" ON "image" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "price_version_once" ON "price_version" USING btree ("meter",coalesce("flavor_id", ''),"currency","valid_from");--> statement-breakpoint
CREATE UNIQUE INDEX "address_ip" ON "address" USING btree ("network_id","ip") WHERE released_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "address_mac" ON "address" USING btree ("mac") WHERE released_at is null;--> statement-breakpoint
CREATE INDEX "address_instance" ON "address" USING btree ("instance_id");--> statement-breakpoint
CREATE UNIQUE INDEX "instance_name" ON "instance" USING btree ("organization_id","name") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "instance_list" ON "instance" USING btree ("organization_id","created_at");--> statement-breakpoint
CREATE INDEX "instance_cluster" ON "instance" USING btree ("cluster_id");--> statement-breakpoint
CREATE UNIQUE INDEX "instance_uuid" ON "instance" USING btree ("uuid");--> statement-breakpoint
CREATE INDEX "instance_event_instance" ON "instance_event" USING btree ("instance_id","at");--> statement-breakpoint
CREATE INDEX "instance_observation_host" ON "instance_observation" USING btree ("host_id");--> statement-breakpoint
CREATE INDEX "instance_observation_organization" ON "instance_observation" USING btree ("organization_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ssh_key_fingerprint" ON "ssh_key" USING btree ("organization_id","fingerprint") WHERE deleted_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "volume_name" ON "volume" USING btree ("pool_id","name");--> statement-breakpoint
CREATE INDEX "volume_instance" ON "volume" USING btree ("instance_id");--> statement-breakpoint
CREATE INDEX "volume_organization" ON "volume" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "console_session_open" ON "console_session" USING btree ("instance_id","ended_at");--> statement-breakpoint
CREATE INDEX "allocation_host" ON "allocation" USING btree ("host_id");--> statement-breakpoint
CREATE INDEX "allocation_cluster" ON "allocation" USING btree ("cluster_id");--> statement-breakpoint
CREATE INDEX "decision_time" ON "decision" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "decision_instance" ON "decision" USING btree ("instance_id");--> statement-breakpoint
CREATE INDEX "decision_host" ON "decision" USING btree ("host_id");--> statement-breakpoint
CREATE UNIQUE INDEX "fencing_one_open" ON "fencing" USING btree ("host_id") WHERE closed_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "host_name" ON "host" USING btree ("cluster_id","name") WHERE retired_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "migration_one_open" ON "migration" USING btree ("instance_id") WHERE state in ('planned', 'running');--> statement-breakpoint
CREATE INDEX "migration_open_host" ON "migration" USING btree ("from_host_id","to_host_id");--> statement-breakpoint
CREATE INDEX "outbox_open" ON "outbox" USING btree ("sent_at","not_before");--> statement-breakpoint
CREATE INDEX "sample_minute" ON "sample" USING btree ("minute");--> statement-breakpoint
CREATE INDEX "usage_window_organization" ON "usage_window" USING btree ("organization_id","started_at");--> statement-breakpoint
CREATE INDEX "usage_window_resource" ON "usage_window" USING btree ("resource_id","started_at");--> statement-breakpoint
CREATE INDEX "quota_hold_subject" ON "quota_hold" USING btree ("organization_id","subject_id");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_entry_chain" ON "audit_entry" USING btree ("chain","sequence");--> statement-breakpoint
CREATE INDEX "audit_entry_organization" ON "audit_entry" USING btree ("organization_id","at");--> statement-breakpoint
CREATE INDEX "audit_entry_target" ON "audit_entry" USING btree ("target_id");--> statement-breakpoint
CREATE UNIQUE INDEX "invitation_token" ON "invitation" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "invitation_organization" ON "invitation" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "member_user" ON "member" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "organization_slug" ON "organization" USING btree ("slug");--> statement-breakpoint
CREATE UNIQUE INDEX "user_email" ON "user_account" USING btree ("email");--> statement-breakpoint
CREATE INDEX "user_session_user" ON "user_session" USING btree ("user_id");