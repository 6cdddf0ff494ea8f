ALTER TABLE "run" ADD COLUMN "served_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "task_run_queued_of_run" ON "task_run" USING btree ("run_id","priority" DESC NULLS LAST,"queued_at") WHERE "task_run"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "task_run_active" ON "task_run" USING btree ("run_id") WHERE "task_run"."state" in ('starting', 'running');