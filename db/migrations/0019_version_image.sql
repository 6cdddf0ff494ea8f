CREATE TABLE "version_image" (
	"version_id" uuid NOT NULL,
	"image" text NOT NULL,
	"digest" text NOT NULL,
	"cluster" text NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "version_image_version_id_image_digest_pk" PRIMARY KEY("version_id","image","digest")
);
--> statement-breakpoint
ALTER TABLE "version_image" ADD CONSTRAINT "version_image_version_id_version_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."version"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "version_image_image" ON "version_image" USING btree ("image");