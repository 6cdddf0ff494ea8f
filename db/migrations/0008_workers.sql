CREATE TABLE "worker_token" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"created_by" uuid,
	"name" text NOT NULL,
	"secret_hash" text NOT NULL,
	"prefix" text NOT NULL,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "worker_token_secret_hash_unique" UNIQUE("secret_hash")
);
--> statement-breakpoint
ALTER TABLE "task_run" ADD COLUMN "queue" text;--> statement-breakpoint
ALTER TABLE "worker" ADD COLUMN "token_id" uuid;--> statement-breakpoint
ALTER TABLE "worker" ADD COLUMN "queues" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "worker" ADD COLUMN "draining_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "worker_token" ADD CONSTRAINT "worker_token_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker_token" ADD CONSTRAINT "worker_token_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker" ADD CONSTRAINT "worker_token_id_worker_token_id_fk" FOREIGN KEY ("token_id") REFERENCES "public"."worker_token"("id") ON DELETE cascade ON UPDATE no action;