CREATE TABLE "intervention" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"run_id" uuid NOT NULL,
	"task_run_id" uuid NOT NULL,
	"deed" jsonb NOT NULL,
	"user_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"outcome" text
);
--> statement-breakpoint
ALTER TABLE "intervention" ADD CONSTRAINT "intervention_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "intervention" ADD CONSTRAINT "intervention_task_run_id_task_run_id_fk" FOREIGN KEY ("task_run_id") REFERENCES "public"."task_run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "intervention" ADD CONSTRAINT "intervention_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "intervention_open" ON "intervention" USING btree ("created_at") WHERE "intervention"."outcome" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "intervention_answer" ON "intervention" USING btree ("task_run_id") WHERE "intervention"."deed"->>'kind' = 'answer';--> statement-breakpoint
CREATE INDEX "intervention_run" ON "intervention" USING btree ("run_id");