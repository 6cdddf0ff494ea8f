/** Why dates of a backfill have no run yet, or one that has not started. */
import type { BackfillRow } from '#db/queries/backfill.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { ownWorkers } from '#db/queries/places.ts'
import { activeOfBackfill } from '#db/queries/why-dates.ts'
import { whyDateWaits } from '../../domain/run/why/dates.ts'
import type { WhyNotRunning } from '../../views/why.ts'
import type { ServiceContext } from '../context.ts'
import { whyRunsWait, whyView } from '../run/why-not-running.ts'

/** Of a backfill as it stands: the sentence of the date that has so many of its dates before it. */
export async function whyDates(
  ctx: ServiceContext,
  dag: DagRow,
  row: BackfillRow,
): Promise<(before: number) => WhyNotRunning | null> {
  const { id, state, concurrency, number, order } = row
  const { active, runs } = await activeOfBackfill(ctx.db, id)
  const first = runs[0] === undefined ? undefined : (await whyRunsWait(ctx, [runs[0].id])).get(runs[0].id)
  const schedulers = await ownWorkers(ctx.db)
  const activeRuns = runs.map((run) => run.number)
  const place = { repo: dag.repo, dag: dag.name, schedulers }
  const facts = { ...place, state, concurrency, active, number, order, activeRuns, first: first?.why ?? null }
  return (before) => {
    const why = whyDateWaits(facts, before)
    return why === null
      ? null
      : whyView(ctx, why, { team: dag.team, repo: dag.repo, dag: dag.name, number: 0 })
  }
}
