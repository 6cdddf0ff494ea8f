import { brokenNotebooks, dagRows, lastRuns, type DagRow } from '#db/queries/dag-view.ts'
import { databaseNow } from '#db/queries/schedule.ts'
import { oldestQueued } from '#db/queries/why.ts'
import cronstrue from 'cronstrue'
import { noTriggers, type Schedule, type Triggers } from '../../domain/dag/spec.ts'
import type { RunState } from '../../domain/run/states.ts'
import { took } from '../../domain/run/took.ts'
import { keyedSchedules } from '../../domain/schedule/entries.ts'
import { nextTicks } from '../../domain/schedule/ticks.ts'
import type { DagDetail, DagSummary } from '../../views/dag.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { versionLabelAtTip } from '../run/views.ts'
import { whyRunsWait, whyView } from '../run/why-not-running.ts'
import { heldDates } from '../schedule/held-dates.ts'
import { readRefusals } from '../trigger/refused.ts'
import { readWebhook } from '../trigger/webhook.ts'

/** How many runs a DAG's bars show. */
const bars = 20

/** How many ticks a DAG's page tells in advance. */
const ahead = 5

/** `90 s`, `1 h 30 min`. */
const period = (ms: number): string =>
  [
    { n: Math.floor(ms / 3_600_000), unit: 'h' },
    { n: Math.floor(ms / 60_000) % 60, unit: 'min' },
    { n: Math.floor(ms / 1000) % 60, unit: 's' },
  ]
    .filter(({ n }) => n > 0)
    .map(({ n, unit }) => `${n} ${unit}`)
    .join(' ')

function words({ cron, every }: Schedule): string {
  if (cron === null) return `Every ${period(every ?? 0)}`
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true })
  } catch {
    return cron
  }
}

function scheduleViews(row: DagRow): DagSummary['schedule'] {
  return [...keyedSchedules(row.schedule ?? [])].map(([key, schedule]) => {
    const { cron, every, timezone, semantics, catchup } = schedule
    return { key, cron, every, timezone, semantics, catchup, words: words(schedule) }
  })
}

/** The next ticks of all its schedules together. */
function nextTicksOf(row: DagRow, now: Date): DagDetail['nextTicks'] {
  return [...keyedSchedules(row.schedule ?? [])]
    .flatMap(([schedule, entry]) => nextTicks(entry, now, ahead).map((tick) => ({ schedule, ...tick })))
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .slice(0, ahead)
    .map(({ schedule, at, logicalDate }) => ({
      schedule,
      at: at.toISOString(),
      logicalDate: logicalDate.toISOString(),
    }))
}

/** What else starts it, in the words of the notebook. */
function triggerWords({ success_of: successes, outputs, webhook }: Triggers): DagDetail['triggers'] {
  return {
    successOf: successes.map(({ repo, dag, ref }) => `${repo}/${dag}${ref === null ? '' : `@${ref}`}`),
    outputs:
      outputs === null
        ? null
        : {
            mode: outputs.mode,
            of: outputs.of.map(({ repo, dag, task, output }) => `${repo}/${dag}.${task}.${output}`),
          },
    webhook: webhook !== null,
  }
}

type LastRuns = Awaited<ReturnType<typeof lastRuns>>
type Queued = ReadonlyMap<string, DagSummary['queued']>

/** By id of the DAG: its oldest queued run, and why that has not started. */
async function queuedOf(ctx: ServiceContext, rows: readonly DagRow[]): Promise<Queued> {
  const active = rows.filter((row) => row.activeRuns > 0)
  const runs = await oldestQueued(
    ctx.db,
    active.map((row) => row.id),
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  const found = [...(await whyRunsWait(ctx, runs)).values()]
  return new Map(
    found.flatMap(({ dagId, number, why }) => {
      const row = byId.get(dagId)
      if (row === undefined) return []
      const here = { team: row.team, repo: row.repo, dag: row.name, number }
      return [[dagId, { number, ...whyView(ctx, why, here) }] as const]
    }),
  )
}

function dagSummary(row: DagRow, runs: LastRuns, queued: Queued): DagSummary {
  return {
    id: row.id,
    ref: { team: row.team, repo: row.repo, dag: row.name },
    title: row.title,
    description: row.description,
    path: row.path ?? '',
    tags: row.tags ?? [],
    owners: row.owners ?? [],
    version: versionLabelAtTip(row),
    faults: row.faults ?? [],
    schedule: scheduleViews(row),
    nextTick: row.nextTick === null ? null : new Date(row.nextTick).toISOString(),
    paused: row.pausedAt === null ? null : { at: row.pausedAt.toISOString(), by: row.pausedBy },
    lastRuns: runs
      .filter((run) => run.dag_id === row.id)
      .map((run) => ({
        id: run.id,
        number: run.number,
        state: run.state as RunState,
        versionNumber: run.version,
        duration: took({ startedAt: run.started_at, endedAt: run.ended_at }),
        createdAt: new Date(run.created_at).toISOString(),
      })),
    activeRuns: row.activeRuns,
    queued: queued.get(row.id) ?? null,
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
  const queued = await queuedOf(ctx, rows)
  return {
    dags: rows.map((row) => dagSummary(row, runs, queued)),
    broken: await brokenNotebooks(ctx.db, teamIds),
  }
}

export async function dagDetail(ctx: ServiceContext, row: DagRow): Promise<DagDetail> {
  return {
    ...dagSummary(row, await lastRuns(ctx.db, [row.id], bars), await queuedOf(ctx, [row])),
    gitUrl: `${ctx.publicUrl}/git/${row.team}/${row.repo}.git`,
    defaultBranch: row.defaultBranch,
    nextTicks: row.pausedAt === null ? nextTicksOf(row, await databaseNow(ctx.db)) : [],
    triggers: triggerWords(row.on ?? noTriggers),
    heldDates: await heldDates(ctx, row),
    refused: await readRefusals(ctx.db, row.id),
    hook: await readWebhook(ctx, row),
  }
}
