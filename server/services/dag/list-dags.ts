import { brokenNotebooks, dagRows, lastRuns, type DagRow } from '#db/queries/dag-view.ts'
import cronstrue from 'cronstrue'
import type { RunState } from '../../domain/run/states.ts'
import type { DagSummary } from '../../views/dag.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { isoOrNull, versionLabelAtTip } from '../run/views.ts'

/** How many runs a DAG's bars show. */
const bars = 20

function words(cron: string): string {
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true })
  } catch {
    return cron
  }
}

type LastRuns = Awaited<ReturnType<typeof lastRuns>>

export function dagSummary(row: DagRow, runs: LastRuns): DagSummary {
  return {
    id: row.id,
    ref: { team: row.team, repo: row.repo, dag: row.name },
    title: row.title,
    description: row.description,
    path: row.path ?? '',
    tags: row.tags ?? [],
    version: versionLabelAtTip(row),
    faults: row.faults ?? [],
    schedule: (row.schedule ?? []).map(({ cron, timezone }) => ({ cron, timezone, words: words(cron) })),
    nextTick: isoOrNull(row.nextTick),
    lastRuns: runs
      .filter((run) => run.dag_id === row.id)
      .map((run) => ({
        id: run.id,
        number: run.number,
        state: run.state as RunState,
        versionNumber: run.version,
        duration: run.duration,
        createdAt: new Date(run.created_at).toISOString(),
      })),
    activeRuns: row.activeRuns,
    versions: row.versions,
  }
}

/** All DAGs that the actor can read, and notebooks that are none for their faults. */
export async function listDags(ctx: ServiceContext, actor: Actor) {
  const teamIds = actor.teams.map((team) => team.id)
  const rows = await dagRows(ctx.db, teamIds)
  const runs = await lastRuns(
    ctx.db,
    rows.map((row) => row.id),
    bars,
  )
  return {
    dags: rows.map((row) => dagSummary(row, runs)),
    broken: await brokenNotebooks(ctx.db, teamIds),
  }
}

export async function dagDetail(ctx: ServiceContext, row: DagRow): Promise<DagSummary> {
  return dagSummary(row, await lastRuns(ctx.db, [row.id], bars))
}
