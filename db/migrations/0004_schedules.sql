CREATE TYPE "public"."backfill_order" AS ENUM('oldest', 'newest');--> statement-breakpoint
CREATE TYPE "public"."backfill_state" AS ENUM('running', 'paused', 'cancelled', 'finished');--> statement-breakpoint
CREATE TYPE "public"."reprocess" AS ENUM('none', 'failed', 'completed');--> statement-breakpoint
CREATE TYPE "public"."tick_plan" AS ENUM('run', 'has_run', 'has_success', 'under_way', 'cancelled');--> statement-breakpoint
CREATE TYPE "public"."subscription_kind" AS ENUM('success', 'all_outputs', 'any_output');--> statement-breakpoint
ALTER TYPE "public"."run_trigger" ADD VALUE 'backfill';--> statement-breakpoint
ALTER TYPE "public"."run_trigger" ADD VALUE 'webhook';--> statement-breakpoint
ALTER TYPE "public"."run_trigger" ADD VALUE 'success_of';--> statement-breakpoint
ALTER TYPE "public"."run_trigger" ADD VALUE 'outputs';--> statement-breakpoint
CREATE TABLE "audit_entry" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"dag_id" uuid,
	"user_id" uuid,
	"verb" text NOT NULL,
	"details" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "backfill" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"dag_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"version_id" uuid NOT NULL,
	"entry" jsonb NOT NULL,
	"from" text NOT NULL,
	"to" text NOT NULL,
	"reprocess" "reprocess" NOT NULL,
	"order" "backfill_order" NOT NULL,
	"concurrency" integer NOT NULL,
	"params" jsonb NOT NULL,
	"state" "backfill_state" DEFAULT 'running' NOT NULL,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "backfill_number" UNIQUE("dag_id","number")
);
--> statement-breakpoint
CREATE TABLE "backfill_tick" (
	"backfill_id" uuid NOT NULL,
	"logical_date" timestamp with time zone NOT NULL,
	"interval_start" timestamp with time zone NOT NULL,
	"interval_end" timestamp with time zone NOT NULL,
	"position" integer NOT NULL,
	"plan" "tick_plan" NOT NULL,
	"run_id" uuid,
	CONSTRAINT "backfill_tick_backfill_id_logical_date_pk" PRIMARY KEY("backfill_id","logical_date")
);
--> statement-breakpoint
CREATE TABLE "dag_schedule" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"dag_id" uuid NOT NULL,
	"key" text NOT NULL,
	"version_id" uuid NOT NULL,
	"entry" jsonb NOT NULL,
	"cursor" timestamp with time zone NOT NULL,
	"until" timestamp with time zone,
	"next_tick" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "dag_subscription" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"dag_id" uuid NOT NULL,
	"kind" "subscription_kind" NOT NULL,
	"repo" text NOT NULL,
	"dag" text NOT NULL,
	"ref" text,
	"task" text,
	"output" text
);
--> statement-breakpoint
CREATE TABLE "dag_webhook" (
	"dag_id" uuid PRIMARY KEY NOT NULL,
	"salt" text NOT NULL,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "published_input" (
	"dag_id" uuid NOT NULL,
	"source" text NOT NULL,
	"cause" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "published_input_dag_id_source_pk" PRIMARY KEY("dag_id","source")
);
--> statement-breakpoint
CREATE TABLE "trigger_event" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"task" text,
	"tries" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "trigger_event_once" UNIQUE NULLS NOT DISTINCT("run_id","task")
);
--> statement-breakpoint
CREATE TABLE "webhook_delivery" (
	"dag_id" uuid NOT NULL,
	"message_id" text NOT NULL,
	"run_id" uuid,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "webhook_delivery_dag_id_message_id_pk" PRIMARY KEY("dag_id","message_id")
);
--> statement-breakpoint
DROP INDEX "run_tick";--> statement-breakpoint
ALTER TABLE "dag" ADD COLUMN "paused_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "dag" ADD COLUMN "paused_by" uuid;--> statement-breakpoint
ALTER TABLE "dag" ADD COLUMN "scheduled_version_id" uuid;--> statement-breakpoint
ALTER TABLE "dag" ADD COLUMN "scheduled_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "schedule" text;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "backfill_id" uuid;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "causes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_entry" ADD CONSTRAINT "audit_entry_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_entry" ADD CONSTRAINT "audit_entry_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_entry" ADD CONSTRAINT "audit_entry_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "backfill" ADD CONSTRAINT "backfill_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "backfill" ADD CONSTRAINT "backfill_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "backfill" ADD CONSTRAINT "backfill_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "backfill_tick" ADD CONSTRAINT "backfill_tick_backfill_id_backfill_id_fk" FOREIGN KEY ("backfill_id") REFERENCES "public"."backfill"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "backfill_tick" ADD CONSTRAINT "backfill_tick_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_schedule" ADD CONSTRAINT "dag_schedule_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_schedule" ADD CONSTRAINT "dag_schedule_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_subscription" ADD CONSTRAINT "dag_subscription_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_webhook" ADD CONSTRAINT "dag_webhook_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_webhook" ADD CONSTRAINT "dag_webhook_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "published_input" ADD CONSTRAINT "published_input_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trigger_event" ADD CONSTRAINT "trigger_event_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_entry_dag" ON "audit_entry" USING btree ("dag_id","created_at");--> statement-breakpoint
CREATE INDEX "backfill_state_index" ON "backfill" USING btree ("state");--> statement-breakpoint
CREATE INDEX "backfill_tick_run" ON "backfill_tick" USING btree ("run_id");--> statement-breakpoint
CREATE UNIQUE INDEX "dag_schedule_live" ON "dag_schedule" USING btree ("dag_id","key") WHERE "dag_schedule"."until" is null;--> statement-breakpoint
CREATE INDEX "dag_schedule_due" ON "dag_schedule" USING btree ("next_tick");--> statement-breakpoint
CREATE INDEX "dag_subscription_source" ON "dag_subscription" USING btree ("dag","repo");--> statement-breakpoint
CREATE INDEX "dag_subscription_dag" ON "dag_subscription" USING btree ("dag_id");--> statement-breakpoint
CREATE INDEX "trigger_event_due" ON "trigger_event" USING btree ("due_at");--> statement-breakpoint
ALTER TABLE "dag" ADD CONSTRAINT "dag_paused_by_user_id_fk" FOREIGN KEY ("paused_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag" ADD CONSTRAINT "dag_scheduled_version_id_version_id_fk" FOREIGN KEY ("scheduled_version_id") REFERENCES "public"."version"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "run_schedule_tick" ON "run" USING btree ("dag_id","schedule","logical_date") WHERE "run"."trigger" = 'schedule';--> statement-breakpoint
CREATE INDEX "run_logical_date" ON "run" USING btree ("dag_id","logical_date");--> statement-breakpoint
CREATE INDEX "run_backfill" ON "run" USING btree ("backfill_id");--> statement-breakpoint
-- Where the crons stood goes on from there: no tick is lost by an upgrade.
INSERT INTO "dag_schedule" ("dag_id", "key", "version_id", "entry", "cursor", "next_tick")
SELECT c."dag_id", concat_ws(' ', e->>'cron', e->>'timezone', 'from ' || (e->>'start_date')), c."version_id",
  '{"every": null, "semantics": "point", "catchup": false}'::jsonb || e, c."last_tick", c."next_tick"
FROM "schedule_cursor" c JOIN "version" v ON v."id" = c."version_id", LATERAL (SELECT v."spec"->'schedule'->0) AS s(e)
WHERE c."last_tick" IS NOT NULL AND e IS NOT NULL;--> statement-breakpoint
UPDATE "dag" SET "scheduled_since" = now() WHERE "id" IN (SELECT "dag_id" FROM "dag_schedule");--> statement-breakpoint
DROP TABLE "schedule_cursor";--> statement-breakpoint
ALTER TABLE "backfill" ADD CONSTRAINT "backfill_ended" CHECK (("state" IN ('cancelled', 'finished')) = ("ended_at" IS NOT NULL));--> statement-breakpoint
ALTER TABLE "backfill" ADD CONSTRAINT "backfill_concurrency" CHECK ("concurrency" > 0);--> statement-breakpoint
ALTER TABLE "dag" DROP COLUMN "paused";
