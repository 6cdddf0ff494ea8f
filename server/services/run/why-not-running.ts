/** Why runs and task runs are not running: facts for what the core says of them, and where its sentences lead. */
import { ownWorkers, placesOf } from '#db/queries/places.ts'
import { clusterReports, nameOfQueue } from '#db/queries/worker.ts'
import type { Database } from '#db/client.ts'
import { activeEverywhere, activeTasks } from '#db/queries/claim.ts'
import { pastHolds } from '#db/queries/past.ts'
import { poolKey } from '#db/queries/pool.ts'
import type { RunViewRow, taskRunsOf } from '#db/queries/run-view.ts'
import {
  activeHolders,
  answerers,
  holdersOfTeam,
  openAttempts,
  poolFacts,
  queuedRuns,
  runBefore,
  runOfDate,
} from '#db/queries/why.ts'
import { databaseNow } from '#db/queries/schedule.ts'
import type { Spec, Task } from '../../domain/dag/spec.ts'
import type { WarmReport } from '../../domain/pod/cluster-report.ts'
import { clusterOfQueue, clusterOfWarmQueue, clusterQueue } from '../../domain/run/deployment.ts'
import { positionOf, type Machine } from '../../domain/run/machine.ts'
import { isTerminalRun, isTerminalTaskRun, type TaskRunState } from '../../domain/run/states.ts'
import { whyRunWaits } from '../../domain/run/why/run.ts'
import { wordsOf, type Target, type Why } from '../../domain/run/why/sentence.ts'
import { itemsFacts, type ItemsFacts } from '../../domain/run/why/items.ts'
import type { Workers } from '../../domain/run/why/queue.ts'
import {
  shownStates,
  whyNothingRuns,
  whyTaskRunWaits,
  type TaskRunFacts,
} from '../../domain/run/why/task-run.ts'
import type { WhyNotRunning } from '../../views/why.ts'
import type { ServiceContext } from '../context.ts'
import { machineOf } from './machine-of.ts'
import { pathOfRun } from './views.ts'

type TaskRow = Awaited<ReturnType<typeof taskRunsOf>>[number]

/** Whose page a target of the same run is on. */
type Here = Pick<RunViewRow, 'team' | 'repo' | 'dag' | 'number'>

function pathOf(to: Target, here: Here): string {
  if (to.kind === 'pools') return '/settings#pools'
  if (to.kind === 'dag') return `/${here.team}/${to.repo}/${to.dag}`
  const run = to.kind === 'run' ? { team: here.team, ...to } : here
  if (to.task === null) return pathOfRun(run)
  const query = new URLSearchParams({ task: to.task, ...(to.key === null ? {} : { key: to.key }) })
  return `${pathOfRun(run)}?${query.toString()}`
}

export const whyView = (ctx: ServiceContext, why: Why, here: Here): WhyNotRunning => ({
  sentence: wordsOf(why),
  links: why.flatMap((part) =>
    typeof part === 'string' ? [] : [{ text: part.text, url: `${ctx.publicUrl}${pathOf(part.to, here)}` }],
  ),
})

/** Of the queued ones of these runs. */
export async function whyRunsWait(
  ctx: ServiceContext,
  runIds: readonly string[],
): Promise<Map<string, { dagId: string; number: number; why: Why }>> {
  const runs = await queuedRuns(ctx.db, runIds)
  if (runs.length === 0) return new Map()
  const schedulers = await ownWorkers(ctx.db)
  const full = await ctx.disks.full()
  return new Map(
    runs.map((run) => {
      const { id, dagId, number } = run
      return [id, { dagId, number, why: whyRunWaits({ ...run, schedulers, full }) }]
    }),
  )
}

const noWorkers: Workers = { alive: 0, places: 0, taken: 0, holders: [] }

/** Of each of these queues, who takes what lies there. */
async function workersOf(db: Database, teamId: string, queues: readonly (string | null)[]) {
  const found = new Map<string | null, Awaited<ReturnType<typeof placesOf>>>()
  for (const queue of new Set(queues)) found.set(queue, await placesOf(db, queue, teamId))
  return found
}

/** Whether its attempt is a pod, which may be held back when its start gate is passed. */
const isPod = ({ state, queue }: TaskRow) =>
  state === 'running' && queue !== null && clusterOfQueue(nameOfQueue(queue)) !== null

/** By queue, what is told of the workers of an image. */
async function warmReports(
  { db, clusters }: Pick<ServiceContext, 'db' | 'clusters'>,
  queues: readonly (string | null)[],
): Promise<Map<string, WarmReport | 'none'>> {
  const asked = queues.flatMap((queue) => {
    const cluster = queue === null ? null : clusterOfWarmQueue(nameOfQueue(queue))
    return queue === null || cluster === null ? [] : [{ queue, cluster }]
  })
  if (asked.length === 0) return new Map()
  const reports = await clusterReports(db)
  const has = (name: string) => clusters.some((one) => one.name === name && one.warmPool !== null)
  return new Map(
    asked.flatMap(({ queue, cluster }): [string, WarmReport | 'none'][] => {
      if (!has(cluster)) return [[queue, 'none']]
      const told = reports.get(clusterQueue(cluster))?.report?.pools?.[queue]
      return told === undefined ? [] : [[queue, told]]
    }),
  )
}

/** Facts that all task runs of a run share; what nobody asks for is not read. */
async function sharedFacts(ctx: ServiceContext, row: RunViewRow, spec: Spec, open: readonly TaskRow[]) {
  const { db } = ctx
  const has = (state: TaskRow['state']) => open.some((one) => one.state === state)
  const queued = open.filter((one) => one.state === 'queued')
  const limited = queued.length > 0 && spec.limits.max_active_tasks !== null
  const { parallelism } = ctx.deployment
  const bounded = queued.length > 0 && parallelism !== null
  return {
    now: (await databaseNow(db)).getTime(),
    run: (await whyRunsWait(ctx, row.state === 'queued' ? [row.id] : [])).get(row.id)?.why ?? null,
    full: queued.length > 0 ? await ctx.disks.full() : null,
    schedulers: queued.length > 0 ? await ownWorkers(db) : 0,
    workers: await workersOf(
      db,
      row.teamId,
      queued.map(({ queue }) => queue),
    ),
    pools: await poolFacts(
      db,
      queued.flatMap(({ pool }) => pool ?? []),
    ),
    activeTasks: limited ? await activeTasks(db, row.versionId) : 0,
    activeHolders: limited ? await activeHolders(db, row.versionId) : [],
    parallelism,
    processes: ctx.deployment.processes,
    warm: await warmReports(
      ctx,
      queued.map(({ queue }) => queue),
    ),
    everywhere: bounded ? await activeEverywhere(db) : 0,
    everywhereHolders: bounded ? await holdersOfTeam(db, row.teamId) : [],
    attempts: has('starting') || open.some(isPod) ? await openAttempts(db, row.id) : new Map<string, never>(),
    people: has('awaiting_input') ? await answerers(db, row.teamId) : { names: [], all: 0 },
  }
}
type Shared = Awaited<ReturnType<typeof sharedFacts>>

/** Facts of one task: what it waits for outside its run. */
async function outsideFacts(ctx: ServiceContext, row: RunViewRow, task: Task, waiting: boolean) {
  const { logicalDate, teamId } = row
  const none = { past: null, awaited: null }
  if (!waiting || logicalDate === null) return none
  const dag = task.action.kind === 'wait' && task.action.for.kind === 'run' ? task.action.for.dag : null
  return {
    past:
      task.depends_on_past && !(await pastHolds(ctx.db, row, task.id))
        ? await runBefore(ctx.db, row, logicalDate)
        : null,
    awaited: dag === null ? null : await runOfDate(ctx.db, { teamId, dag, logicalDate }),
  }
}

interface RunOfWhys {
  row: RunViewRow
  spec: Spec
  machine: Machine
  shared: Shared
  items: (node: number) => ItemsFacts
  shown: (node: number) => TaskRunState
}

function factsOf(
  { row, spec, machine, shared, items, shown }: RunOfWhys,
  one: TaskRow,
): Omit<TaskRunFacts, 'past' | 'awaited'> | null {
  const node = machine.plan.numbers.get(one.task) ?? -1
  const task = spec.tasks[node]
  const item = task === undefined ? undefined : positionOf(machine, node, one.key)
  if (task === undefined || item === undefined) return null
  const pool = task.pool === null ? undefined : shared.pools.get(poolKey(row.teamId, task.pool))
  return {
    machine,
    ref: { node, item },
    task,
    now: shared.now,
    run: shared.run,
    shown,
    queue: {
      dag: row.dag,
      ...items(node),
      maxActiveTasks: spec.limits.max_active_tasks,
      activeTasks: shared.activeTasks,
      activeHolders: shared.activeHolders,
      parallelism: shared.parallelism,
      everywhere: shared.everywhere,
      everywhereHolders: shared.everywhereHolders,
      pool: pool === undefined || task.pool === null ? null : { ...pool, name: task.pool },
      slots: one.slots,
      full: shared.full,
      schedulers: shared.schedulers,
      queue: one.queue === null ? null : nameOfQueue(one.queue),
      processes: shared.processes,
      warm: one.queue === null ? null : (shared.warm.get(one.queue) ?? null),
      workers: shared.workers.get(one.queue) ?? noWorkers,
      fullMachine: shared.workers.get(one.queue)?.fullMachine ?? null,
    },
    attempt: shared.attempts.get(one.id) ?? null,
    logicalDate: row.logicalDate?.getTime() ?? null,
    people: { team: row.team, ...shared.people },
  }
}

export interface WhysOfRun {
  run: WhyNotRunning | null
  /** By id of the task run. */
  taskRuns: ReadonlyMap<string, WhyNotRunning>
}

/** Of a run and all its task runs, as it stands now. */
export async function whysOfRun(
  ctx: ServiceContext,
  row: RunViewRow,
  spec: Spec,
  rows: readonly TaskRow[],
): Promise<WhysOfRun> {
  const open = rows.filter((one) => !isTerminalTaskRun(one.state))
  if (isTerminalRun(row.state) || open.length === 0) return { run: null, taskRuns: new Map() }
  const machine = machineOf(row, spec, rows)
  const shared = await sharedFacts(ctx, row, spec, open)
  const all = { row, spec, machine, shared, items: itemsFacts(machine), shown: shownStates(machine) }
  const waiting = new Set(open.flatMap(({ task, state }) => (state === 'waiting' ? [task] : [])))
  const outside = new Map(
    await Promise.all(
      spec.tasks.map(async (task) => {
        return [task.id, await outsideFacts(ctx, row, task, waiting.has(task.id))] as const
      }),
    ),
  )
  const whys = open.map((one) => {
    const facts = factsOf(all, one)
    const more = outside.get(one.task)
    return {
      ...one,
      due: one.dueAt !== null,
      why: facts && more ? whyTaskRunWaits({ ...facts, ...more }) : null,
    }
  })
  const run = shared.run ?? whyNothingRuns(whys)
  return {
    run: run === null ? null : whyView(ctx, run, row),
    taskRuns: new Map(
      whys.flatMap(({ id, why }) => (why === null ? [] : [[id, whyView(ctx, why, row)] as const])),
    ),
  }
}
