CREATE TABLE "program" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"repository_id" uuid NOT NULL,
	"hash" text NOT NULL,
	"path" text NOT NULL,
	"files" jsonb NOT NULL,
	"draft" text,
	"quarantine" jsonb,
	"state" text NOT NULL,
	"printed" text,
	"fault" jsonb,
	"asked_until" timestamp with time zone NOT NULL,
	"token" uuid,
	"host" text,
	"lease_until" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"kept_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "program_content" UNIQUE("repository_id","hash"),
	CONSTRAINT "program_printed" CHECK (("program"."state" = 'printed') = ("program"."printed" is not null)),
	CONSTRAINT "program_failed" CHECK (("program"."state" = 'failed') = ("program"."fault" is not null)),
	CONSTRAINT "program_ended" CHECK (("program"."state" in ('printed', 'failed')) = ("program"."ended_at" is not null)),
	CONSTRAINT "program_running" CHECK (("program"."state" = 'running') = ("program"."token" is not null and "program"."lease_until" is not null))
);
--> statement-breakpoint
ALTER TABLE "program" ADD CONSTRAINT "program_repository_id_repository_id_fk" FOREIGN KEY ("repository_id") REFERENCES "public"."repository"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "program_open" ON "program" USING btree ("created_at") WHERE "program"."ended_at" is null;