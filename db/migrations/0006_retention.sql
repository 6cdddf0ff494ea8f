CREATE INDEX "log_chunk_hash" ON "log_chunk" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "output_hash" ON "output" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "run_version" ON "run" USING btree ("version_id","state");--> statement-breakpoint
CREATE INDEX "run_ended" ON "run" USING btree ("ended_at") WHERE "run"."ended_at" is not null;--> statement-breakpoint
CREATE INDEX "task_run_reused" ON "task_run" USING btree ("reused_from") WHERE "task_run"."reused_from" is not null;