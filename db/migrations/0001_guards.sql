-- What the engine promises, held by the database too: a terminal state is final (R3), and a state has its times.
CREATE FUNCTION refuse_leaving_terminal_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a terminal state is final: % % cannot go from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
    USING ERRCODE = 'check_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER run_terminal_is_final BEFORE UPDATE OF state ON run FOR EACH ROW
  WHEN (OLD.state IN ('succeeded', 'failed', 'cancelled') AND NEW.state IS DISTINCT FROM OLD.state)
  EXECUTE FUNCTION refuse_leaving_terminal_state();
--> statement-breakpoint
CREATE TRIGGER task_run_terminal_is_final BEFORE UPDATE OF state ON task_run FOR EACH ROW
  WHEN (OLD.state IN ('succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled') AND NEW.state IS DISTINCT FROM OLD.state)
  EXECUTE FUNCTION refuse_leaving_terminal_state();
--> statement-breakpoint
CREATE TRIGGER attempt_terminal_is_final BEFORE UPDATE OF state ON attempt FOR EACH ROW
  WHEN (OLD.state IN ('succeeded', 'failed', 'lost', 'cancelled') AND NEW.state IS DISTINCT FROM OLD.state)
  EXECUTE FUNCTION refuse_leaving_terminal_state();
--> statement-breakpoint
ALTER TABLE run ADD CONSTRAINT run_ended CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL));
--> statement-breakpoint
ALTER TABLE task_run ADD CONSTRAINT task_run_ended CHECK ((state IN ('succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled')) = (ended_at IS NOT NULL));
--> statement-breakpoint
ALTER TABLE task_run ADD CONSTRAINT task_run_due CHECK (state <> 'retrying' OR due_at IS NOT NULL);
--> statement-breakpoint
ALTER TABLE attempt ADD CONSTRAINT attempt_ended CHECK ((state IN ('succeeded', 'failed', 'lost', 'cancelled')) = (ended_at IS NOT NULL));
