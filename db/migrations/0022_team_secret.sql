CREATE TABLE "team_secret" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"name" text NOT NULL,
	"sealed" text NOT NULL,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"replaced_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "team_secret" ADD CONSTRAINT "team_secret_team_id_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_secret" ADD CONSTRAINT "team_secret_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "team_secret_name" ON "team_secret" USING btree ("team_id","name") WHERE "team_secret"."replaced_at" is null;--> statement-breakpoint
CREATE INDEX "team_secret_replaced" ON "team_secret" USING btree ("replaced_at") WHERE "team_secret"."replaced_at" is not null;