CREATE TYPE "public"."attempt_state" AS ENUM('created', 'submitted', 'running', 'succeeded', 'failed', 'lost', 'cancelled');--> statement-breakpoint
CREATE TYPE "public"."reason" AS ENUM('condition_false', 'upstream_skipped', 'user_error', 'missing_output', 'expression_error', 'oom', 'timeout', 'evicted', 'preempted', 'node_lost', 'image_pull', 'unschedulable', 'bad_config', 'worker_lost', 'worker_stopped', 'deleted_by_hand', 'infrastructure_unknown', 'reused', 'replaced_by_test', 'marked', 'queue_timeout', 'deadline', 'rule_not_met', 'storage', 'fault_injected', 'cancel_requested', 'task_failed', 'killed');--> statement-breakpoint
CREATE TYPE "public"."run_state" AS ENUM('queued', 'running', 'succeeded', 'failed', 'cancelled');--> statement-breakpoint
CREATE TYPE "public"."run_trigger" AS ENUM('manual', 'api', 'schedule', 'push', 'seed');--> statement-breakpoint
CREATE TYPE "public"."run_verb" AS ENUM('rerun');--> statement-breakpoint
CREATE TYPE "public"."task_run_state" AS ENUM('waiting', 'queued', 'starting', 'running', 'retrying', 'awaiting_input', 'succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled');--> statement-breakpoint
CREATE TABLE "dag" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"repository_id" uuid NOT NULL,
	"name" text NOT NULL,
	"next_number" integer DEFAULT 1 NOT NULL,
	"next_run_number" integer DEFAULT 1 NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dag_name" UNIQUE("repository_id","name")
);
--> statement-breakpoint
CREATE TABLE "dag_ref" (
	"repository_id" uuid NOT NULL,
	"ref" text NOT NULL,
	"path" text NOT NULL,
	"sha" text NOT NULL,
	"dag_id" uuid,
	"version_id" uuid,
	"faults" jsonb NOT NULL,
	CONSTRAINT "dag_ref_repository_id_ref_path_pk" PRIMARY KEY("repository_id","ref","path")
);
--> statement-breakpoint
CREATE TABLE "git_ref" (
	"repository_id" uuid NOT NULL,
	"name" text NOT NULL,
	"sha" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "git_ref_repository_id_name_pk" PRIMARY KEY("repository_id","name")
);
--> statement-breakpoint
CREATE TABLE "push" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"repository_id" uuid NOT NULL,
	"user_id" uuid,
	"options" jsonb NOT NULL,
	"updates" jsonb NOT NULL,
	"state" text NOT NULL,
	"report" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"reconciled_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "repository" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"name" text NOT NULL,
	"default_branch" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "repository_name" UNIQUE("team_id","name")
);
--> statement-breakpoint
CREATE TABLE "schedule_cursor" (
	"dag_id" uuid PRIMARY KEY NOT NULL,
	"version_id" uuid NOT NULL,
	"next_tick" timestamp with time zone,
	"last_tick" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "version" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"dag_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"bundle_hash" text NOT NULL,
	"bundle" jsonb NOT NULL,
	"path" text NOT NULL,
	"spec" jsonb NOT NULL,
	"pack_hash" text,
	"commit_sha" text NOT NULL,
	"author_name" text NOT NULL,
	"author_email" text NOT NULL,
	"subject" text NOT NULL,
	"committed_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "version_number" UNIQUE("dag_id","number"),
	CONSTRAINT "version_bundle" UNIQUE("dag_id","bundle_hash")
);
--> statement-breakpoint
CREATE TABLE "version_commit" (
	"version_id" uuid NOT NULL,
	"sha" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "version_commit_version_id_sha_pk" PRIMARY KEY("version_id","sha")
);
--> statement-breakpoint
CREATE TABLE "log_chunk" (
	"attempt_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"hash" text NOT NULL,
	"byte_offset" bigint NOT NULL,
	"bytes" integer NOT NULL,
	"first_line" bigint NOT NULL,
	"lines" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "log_chunk_attempt_id_seq_pk" PRIMARY KEY("attempt_id","seq")
);
--> statement-breakpoint
CREATE TABLE "metric" (
	"attempt_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"name" text NOT NULL,
	"step" bigint,
	"value" double precision NOT NULL,
	"declared" boolean NOT NULL,
	CONSTRAINT "metric_attempt_id_seq_pk" PRIMARY KEY("attempt_id","seq")
);
--> statement-breakpoint
CREATE TABLE "output" (
	"attempt_id" uuid NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"hash" text NOT NULL,
	"size" bigint NOT NULL,
	"media_type" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "output_attempt_id_name_pk" PRIMARY KEY("attempt_id","name")
);
--> statement-breakpoint
CREATE TABLE "value" (
	"attempt_id" uuid NOT NULL,
	"name" text NOT NULL,
	"value" jsonb,
	"declared" boolean NOT NULL,
	CONSTRAINT "value_attempt_id_name_pk" PRIMARY KEY("attempt_id","name")
);
--> statement-breakpoint
CREATE TABLE "attempt" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"task_run_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"n" integer NOT NULL,
	"token" uuid NOT NULL,
	"state" "attempt_state" DEFAULT 'created' NOT NULL,
	"reason" "reason",
	"message" text,
	"executor" text NOT NULL,
	"worker_id" uuid,
	"lease_until" timestamp with time zone,
	"handle" jsonb,
	"record" jsonb,
	"exit_code" integer,
	"signal" text,
	"memory_peak" bigint,
	"cpu_seconds" double precision,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "attempt_n" UNIQUE("task_run_id","n")
);
--> statement-breakpoint
CREATE TABLE "run" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"dag_id" uuid NOT NULL,
	"version_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"state" "run_state" DEFAULT 'queued' NOT NULL,
	"reason" "reason",
	"message" text,
	"trigger" "run_trigger" NOT NULL,
	"triggered_by" uuid,
	"params" jsonb NOT NULL,
	"logical_date" timestamp with time zone,
	"interval_start" timestamp with time zone,
	"interval_end" timestamp with time zone,
	"parent_id" uuid,
	"verb" "run_verb",
	"cancel_requested_at" timestamp with time zone,
	"cancelled_by" uuid,
	"revision" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "run_number" UNIQUE("dag_id","number")
);
--> statement-breakpoint
CREATE TABLE "task_run" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"run_id" uuid NOT NULL,
	"task" text NOT NULL,
	"key" text,
	"index" integer DEFAULT 0 NOT NULL,
	"state" "task_run_state" DEFAULT 'waiting' NOT NULL,
	"reason" "reason",
	"message" text,
	"due_at" timestamp with time zone,
	"user_failures" integer DEFAULT 0 NOT NULL,
	"infrastructure_failures" integer DEFAULT 0 NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"queued_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "task_run_key" UNIQUE NULLS NOT DISTINCT("run_id","task","key")
);
--> statement-breakpoint
CREATE TABLE "worker" (
	"id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL,
	"stopped_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "comparison" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"created_by" uuid,
	"state" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "share_link" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"comparison_id" uuid NOT NULL,
	"secret_hash" text NOT NULL,
	"created_by" uuid,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "share_link_secret_hash_unique" UNIQUE("secret_hash")
);
--> statement-breakpoint
CREATE TABLE "api_token" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text NOT NULL,
	"secret_hash" text NOT NULL,
	"prefix" text NOT NULL,
	"last_used_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "member" (
	"team_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "member_team_id_user_id_pk" PRIMARY KEY("team_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "sign_in_link" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_id" uuid NOT NULL,
	"secret_hash" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sign_in_link_secret_hash_unique" UNIQUE("secret_hash")
);
--> statement-breakpoint
CREATE TABLE "team" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "team_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "user" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"session_epoch" text DEFAULT '0' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "dag" ADD CONSTRAINT "dag_repository_id_repository_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repository"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_ref" ADD CONSTRAINT "dag_ref_repository_id_repository_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repository"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_ref" ADD CONSTRAINT "dag_ref_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dag_ref" ADD CONSTRAINT "dag_ref_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "git_ref" ADD CONSTRAINT "git_ref_repository_id_repository_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repository"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "push" ADD CONSTRAINT "push_repository_id_repository_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repository"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "push" ADD CONSTRAINT "push_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "repository" ADD CONSTRAINT "repository_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedule_cursor" ADD CONSTRAINT "schedule_cursor_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedule_cursor" ADD CONSTRAINT "schedule_cursor_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "version" ADD CONSTRAINT "version_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "version_commit" ADD CONSTRAINT "version_commit_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "log_chunk" ADD CONSTRAINT "log_chunk_attempt_id_attempt_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempt"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric" ADD CONSTRAINT "metric_attempt_id_attempt_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempt"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "output" ADD CONSTRAINT "output_attempt_id_attempt_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempt"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "value" ADD CONSTRAINT "value_attempt_id_attempt_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempt"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_task_run_id_task_run_id_fk" FOREIGN KEY ("task_run_id") REFERENCES "public"."task_run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_dag_id_dag_id_fk" FOREIGN KEY ("dag_id") REFERENCES "public"."dag"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_triggered_by_user_id_fk" FOREIGN KEY ("triggered_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_cancelled_by_user_id_fk" FOREIGN KEY ("cancelled_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_run" ADD CONSTRAINT "task_run_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comparison" ADD CONSTRAINT "comparison_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comparison" ADD CONSTRAINT "comparison_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "share_link" ADD CONSTRAINT "share_link_comparison_id_comparison_id_fk" FOREIGN KEY ("comparison_id") REFERENCES "public"."comparison"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "share_link" ADD CONSTRAINT "share_link_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_in_link" ADD CONSTRAINT "sign_in_link_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "dag_ref_dag" ON "dag_ref" USING btree ("dag_id");--> statement-breakpoint
CREATE INDEX "version_commit_sha" ON "version_commit" USING btree ("sha");--> statement-breakpoint
CREATE INDEX "attempt_run" ON "attempt" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "attempt_live" ON "attempt" USING btree ("worker_id") WHERE "attempt"."state" in ('created', 'submitted', 'running');--> statement-breakpoint
CREATE INDEX "run_live" ON "run" USING btree ("state") WHERE "run"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "run_recent" ON "run" USING btree ("dag_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "run_tick" ON "run" USING btree ("dag_id","logical_date") WHERE "run"."trigger" = 'schedule';--> statement-breakpoint
CREATE INDEX "task_run_queued" ON "task_run" USING btree ("queued_at") WHERE "task_run"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "task_run_due" ON "task_run" USING btree ("due_at") WHERE "task_run"."state" = 'retrying';--> statement-breakpoint
CREATE UNIQUE INDEX "api_token_secret" ON "api_token" USING btree ("secret_hash") WHERE "api_token"."revoked_at" is null;