ALTER TABLE "backfill_tick" ADD COLUMN "made" boolean DEFAULT false NOT NULL;
--> statement-breakpoint
-- Whichever build puts down the run of a date, that one was made of it stays known when the run is deleted (R9).
CREATE FUNCTION mark_backfill_tick_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.made := true;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER backfill_tick_made BEFORE INSERT OR UPDATE OF run_id ON backfill_tick FOR EACH ROW
  WHEN (NEW.run_id IS NOT NULL)
  EXECUTE FUNCTION mark_backfill_tick_made();
--> statement-breakpoint
UPDATE backfill_tick SET made = true WHERE run_id IS NOT NULL;
