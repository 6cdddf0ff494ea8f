CREATE TYPE "public"."attempt_kind" AS ENUM('main', 'probe');--> statement-breakpoint
ALTER TYPE "public"."reason" ADD VALUE 'skip_exit_code';--> statement-breakpoint
ALTER TYPE "public"."reason" ADD VALUE 'not_latest';--> statement-breakpoint
ALTER TYPE "public"."reason" ADD VALUE 'no_items';--> statement-breakpoint
ALTER TYPE "public"."reason" ADD VALUE 'rejected';--> statement-breakpoint
ALTER TYPE "public"."reason" ADD VALUE 'wait_timeout';--> statement-breakpoint
ALTER TYPE "public"."reason" ADD VALUE 'pushed_out';--> statement-breakpoint
ALTER TYPE "public"."run_verb" ADD VALUE 'recover';--> statement-breakpoint
ALTER TYPE "public"."run_verb" ADD VALUE 'fork';--> statement-breakpoint
CREATE TABLE "pool" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"name" text NOT NULL,
	"slots" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pool_name" UNIQUE("team_id","name")
);
--> statement-breakpoint
DROP INDEX "task_run_queued";--> statement-breakpoint
DROP INDEX "task_run_due";--> statement-breakpoint
ALTER TABLE "attempt" ADD COLUMN "kind" "attempt_kind" DEFAULT 'main' NOT NULL;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "cancel_forced" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "stopping" text;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "due_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "run" ADD COLUMN "forced" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "ready_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "item" jsonb;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "pool" text;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "slots" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "priority" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "cleanup" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "answer" jsonb;--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "reused_from" uuid;--> statement-breakpoint
ALTER TABLE "pool" ADD CONSTRAINT "pool_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "run_due" ON "run" USING btree ("due_at") WHERE "run"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "task_run_pool" ON "task_run" USING btree ("pool") WHERE "task_run"."pool" is not null and "task_run"."state" in ('starting', 'running');--> statement-breakpoint
CREATE INDEX "task_run_queued" ON "task_run" USING btree ("priority" DESC NULLS LAST,"queued_at") WHERE "task_run"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "task_run_due" ON "task_run" USING btree ("due_at") WHERE "task_run"."due_at" is not null and "task_run"."ended_at" is null;