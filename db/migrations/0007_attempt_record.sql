ALTER TABLE "attempt" ADD COLUMN "submitted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "worker" ADD COLUMN "slots" integer DEFAULT 0 NOT NULL;