/** Runs: made, locked, admitted, written. */
import type { RunWrite, TaskRunWrite } from '#db/queries/run-state.ts'
import { liveChannel, enqueueChannel, workChannel } from '#db/queries/live.ts'
import { byTime, later, type Statements } from './statements.ts'
import { StatementError, type Rows, type Transaction } from './tables.ts'

const week = 7 * 86_400_000
const isLive = ({ state }: Rows['run']) => state === 'queued' || state === 'running'
const hasEnded = (state: string) => ['succeeded', 'failed', 'cancelled'].includes(state)
const itemHasEnded = (state: string) =>
  ['succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled'].includes(state)
const dateOf = (ms: number | null) => (ms === null ? null : new Date(ms))

function noteSuccess(tx: Transaction, row: Rows['run']): void {
  const source = tx.get('dag', row.dagId)
  const waited = tx
    .all('dag')
    .some(({ subscriptions }) =>
      subscriptions.some(
        (one) => one.kind === 'success' && one.repo === source?.repo && one.dag === source.name,
      ),
    )
  if (!waited) return
  tx.insert('event', { id: tx.newId('event'), runId: row.id, task: null }, `${row.id} null`)
  tx.notify(enqueueChannel, 'event')
}

/** The run of a DAG that ended last before `number`, and all that recovered it. */
function lastTried(tx: Transaction, ofDag: Rows['run'][], number: number): Rows['run'][] {
  const tried = ofDag
    .filter(({ state, verb }) => (state === 'succeeded' || state === 'failed') && verb !== 'recover')
    .filter((row) => row.number < number)
    .sort((a, b) => b.number - a.number)
    .slice(0, 1)
  for (const { id } of tried)
    tried.push(...tx.where('run', (row) => row.parentId === id && row.verb === 'recover'))
  return tried
}

/** Whether somebody said afterwards of each task run that failed that it counts as something else. */
function wasMarked(tx: Transaction, runId: string): boolean {
  const noted = tx
    .where('intervention', (row) => row.runId === runId && row.outcome === 'noted')
    .sort(byTime((row) => row.createdAt))
  const asOf = ({ deed }: Rows['intervention']) => (deed.kind === 'mark' ? deed.as : 'failed')
  const nowOf = (taskRunId: string) =>
    noted
      .filter((row) => row.taskRunId === taskRunId && row.deed.kind === 'mark')
      .map(asOf)
      .at(-1) ?? 'failed'
  return (
    noted.some((row) => asOf(row) !== 'failed') &&
    !tx
      .all('taskRun')
      .some((row) => row.runId === runId && row.state === 'failed' && nowOf(row.id) === 'failed')
  )
}

type Names =
  | 'activeRuns'
  | 'announce'
  | 'dueRuns'
  | 'giveUpRun'
  | 'insertRun'
  | 'lockDag'
  | 'lockRun'
  | 'othersOf'
  | 'requestCancel'
  | 'runIdentity'
  | 'runningRunIds'
  | 'runsToEnd'
  | 'specOf'
  | 'standingDigests'
  | 'teamOfDag'
  | 'waitingRuns'
  | 'wakeEnqueuers'
  | 'wakeScheduler'
  | 'writeState'

const newTaskRun = (
  tx: Transaction,
  runId: string,
  { reuse, ...item }: Parameters<Statements['insertRun']>[2][number],
): Rows['taskRun'] => ({
  id: tx.newId('taskRun'),
  runId,
  state: 'waiting',
  reason: null,
  message: null,
  dueAt: null,
  readyAt: null,
  heldAt: null,
  answer: null,
  reusedFrom: null,
  userFailures: 0,
  infrastructureFailures: 0,
  attempts: 0,
  queuedAt: null,
  startedAt: null,
  endedAt: null,
  ...item,
  key: item.key ?? null,
  index: item.index ?? 0,
  item: item.item ?? null,
  pool: item.pool ?? null,
  queue: item.queue ?? null,
  slots: item.slots ?? 1,
  priority: item.priority ?? 0,
  cleanup: item.cleanup ?? false,
  ...(reuse == null
    ? {}
    : {
        state: reuse.as,
        reason: reuse.marked ? ('marked' as const) : ('reused' as const),
        reusedFrom: reuse.resultsOf,
        endedAt: tx.now(),
      }),
})

function queuedAt(tx: Transaction, row: Rows['taskRun'], to: string, now: number): Date | null {
  if (row.state === 'queued') return row.queuedAt
  if (to === 'queued') return tx.now()
  return to === 'starting' ? new Date(now) : row.queuedAt
}

function writeTaskRuns(tx: Transaction, writes: readonly TaskRunWrite[], now: number): number {
  const wanted = new Map(writes.map((write) => [write.id, write]))
  const rows = tx.lockWhere('taskRun', (row) => wanted.get(row.id)?.from === row.state)
  for (const row of rows) {
    const { dueAt, readyAt, heldAt, ...to } = wanted.get(row.id)?.to ?? row
    tx.update('taskRun', row.id, {
      ...to,
      dueAt: dueAt instanceof Date ? dueAt : dateOf(dueAt),
      readyAt: readyAt instanceof Date ? readyAt : dateOf(readyAt),
      heldAt: heldAt instanceof Date ? heldAt : dateOf(heldAt),
      queuedAt: queuedAt(tx, row, to.state, now),
      startedAt: to.state === 'running' ? (row.startedAt ?? tx.now()) : row.startedAt,
      endedAt: itemHasEnded(to.state) ? tx.now() : null,
    })
  }
  return rows.length
}

function writeRun(tx: Transaction, runId: string, { change, stop, dueAt, served }: RunWrite): void {
  const row = tx.lockRow('run', runId)
  if (row === undefined) return
  const ended = change !== null && hasEnded(change.to)
  tx.update('run', runId, {
    revision: row.revision + 1,
    dueAt: dateOf(dueAt),
    servedAt: served ? tx.now() : row.servedAt,
    stopping: stop?.why ?? null,
    cancelForced: row.cancelForced || stop?.forced === true,
    ...(change === null
      ? {}
      : {
          state: change.to,
          reason: change.reason,
          startedAt: change.to === 'cancelled' ? row.startedAt : (row.startedAt ?? tx.now()),
          endedAt: ended ? tx.now() : null,
        }),
  })
  if (change === null) return
  if (change.to === 'succeeded') noteSuccess(tx, row)
  tx.notify(enqueueChannel, 'place')
}

export const runs: Pick<Statements, Names> = {
  lockDag: (tx, dagId) => void tx.lockRow('dag', dagId),
  // No image is pulled in it.
  standingDigests: () => new Map<string, string>(),
  teamOfDag: (tx, dagId) => {
    const dag = tx.get('dag', dagId)
    if (dag === undefined) throw new StatementError('There is no such DAG.')
    return dag.teamId
  },
  specOf: (tx, versionId) => tx.get('version', versionId)?.spec ?? null,
  announce: (tx, topics) => topics.forEach((topic) => tx.notify(liveChannel, topic)),
  wakeScheduler: (tx) => tx.notify(workChannel, ''),
  wakeEnqueuers: (tx, why) => tx.notify(enqueueChannel, why),

  insertRun: (tx, given, items) => {
    const dag = tx.lockRow('dag', given.dagId)
    if (dag === undefined) throw new StatementError('the DAG was deleted while a run was made')
    const { trigger, schedule = null, logicalDate } = given
    const tick = trigger === 'schedule' ? `${dag.id} ${schedule} ${logicalDate?.getTime()}` : null
    if (tick !== null && logicalDate !== null) {
      tx.lock(`run unique ${tick}`)
      const twin = (row: Rows['run']) =>
        row.dagId === dag.id &&
        row.trigger === 'schedule' &&
        row.schedule === schedule &&
        row.logicalDate?.getTime() === logicalDate.getTime()
      if (tx.all('run').some(twin)) throw new StatementError('duplicate key: run_schedule_tick')
    }
    const number = dag.nextRunNumber
    tx.update('dag', dag.id, { nextRunNumber: number + 1 })
    const id = tx.newId('run')
    tx.insert('run', {
      state: 'queued',
      reason: null,
      message: null,
      cancelRequestedAt: null,
      cancelledBy: null,
      cancelForced: false,
      stopping: null,
      revision: 0,
      servedAt: null,
      startedAt: null,
      endedAt: null,
      intervalStart: null,
      intervalEnd: null,
      backfillId: null,
      causes: [],
      forced: false,
      ...given,
      schedule,
      id,
      number,
      dueAt: later(tx.now(), week),
      createdAt: tx.now(),
    })
    for (const item of items) {
      const row = newTaskRun(tx, id, item)
      tx.insert('taskRun', row)
    }
    return { id, number }
  },

  lockRun: (tx, runId) => {
    const row = tx.lockRow('run', runId)
    return row === undefined ? null : { ...row, now: tx.now().getTime() }
  },
  runIdentity: (tx, runId) => {
    const row = tx.get('run', runId)
    const version = tx.get('version', row?.versionId ?? '')
    const dag = tx.get('dag', row?.dagId ?? '')
    if (version === undefined || dag === undefined) return null
    const { spec, number } = version
    return { spec, number, dag: dag.name, repository: dag.repo, team: dag.teamId, teamId: dag.teamId }
  },
  runningRunIds: (tx) => tx.where('run', ({ state }) => state === 'running').map(({ id }) => id),
  activeRuns: (tx, dagId) =>
    tx.where('run', (row) => row.dagId === dagId && row.state === 'running').map(({ id }) => id),
  runsToEnd: (tx) =>
    tx.where('run', (row) => isLive(row) && row.cancelRequestedAt !== null).map(({ id }) => id),
  dueRuns: (tx) => {
    const rows = tx.where('run', (row) => isLive(row) && row.dueAt !== null).sort(byTime((row) => row.dueAt))
    const ms = (row: Rows['run']) => (row.dueAt?.getTime() ?? 0) - tx.now().getTime()
    const next = rows.find((row) => ms(row) > 0)
    return {
      due: rows.filter((row) => ms(row) <= 0).map((row) => ({ id: row.id, ms: ms(row) })),
      nextMs: next === undefined ? null : ms(next),
    }
  },

  waitingRuns: (tx, most) => {
    const queued = tx.where('run', ({ state }) => state === 'queued')
    const turnOf = ({ versionId, number }: Rows['run']) =>
      queued.filter((one) => one.versionId === versionId && one.number <= number).length
    return queued
      .filter((row) => row.forced || row.verb === 'recover' || turnOf(row) <= most)
      .sort(byTime((row) => row.createdAt))
      .flatMap(({ id, dagId, number, forced, verb, versionId }) => {
        const limits = tx.get('version', versionId)?.spec.limits
        if (limits === undefined) return []
        const { max_active_runs: max, strategy } = limits
        return [{ id, dagId, versionId, number, forced, recovers: verb === 'recover', max, strategy }]
      })
  },
  othersOf: (tx, { id, dagId, versionId, number, strategy }) => {
    const all = tx.where('run', (row) => row.dagId === dagId)
    const others = all.filter((row) => row.id !== id)
    const tried = lastTried(tx, all, number)
    return {
      active: others.filter(
        (row) => row.state === 'running' && (strategy !== 'parallel' || row.versionId === versionId),
      ).length,
      older: others.some((row) => row.state === 'queued' && row.number < number),
      newer: others.some((row) => row.state === 'queued' && row.number > number),
      failedBefore:
        tried[0]?.state === 'failed' &&
        !tried.some((row) => row.state === 'succeeded' || (row.state === 'failed' && wasMarked(tx, row.id))),
      recovers: tried.some((row) => row.id === id),
    }
  },
  requestCancel: (tx, runId, userId) => {
    const [row] = tx.lockWhere('run', (one) => one.id === runId && isLive(one))
    if (row === undefined) return false
    tx.update('run', runId, {
      cancelForced: row.cancelForced || row.cancelRequestedAt !== null,
      cancelRequestedAt: row.cancelRequestedAt ?? tx.now(),
      cancelledBy: row.cancelledBy ?? userId,
    })
    return true
  },

  giveUpRun: (tx, runId, message) => {
    const run = tx.lockRow('run', runId)
    if (run === undefined || run.endedAt !== null) return false
    const ended = { reason: 'infrastructure_unknown', endedAt: tx.now() } as const
    const startedAt = run.startedAt ?? tx.now()
    const revision = run.revision + 1
    tx.update('run', runId, { ...ended, state: 'failed', message, dueAt: null, startedAt, revision })
    const open = (row: { runId: string; endedAt: Date | null }) => row.runId === runId && row.endedAt === null
    for (const { id, state } of tx.lockWhere('taskRun', open)) {
      const ran = state === 'starting' || state === 'running' || state === 'retrying'
      tx.update('taskRun', id, { ...ended, dueAt: null, state: ran ? 'failed' : 'cancelled' })
    }
    for (const { id } of tx.lockWhere('attempt', open)) tx.update('attempt', id, { ...ended, state: 'lost' })
    for (const { id } of tx.lockWhere('intervention', (row) => row.runId === runId && row.outcome === null))
      tx.update('intervention', id, { outcome: 'too_late' })
    return true
  },
  writeState: (tx, runId, { tasks, run, now, topics }) => {
    if (run !== null) tx.lockRow('run', runId)
    const written = writeTaskRuns(tx, tasks, now)
    if (run !== null) writeRun(tx, runId, run)
    for (const topic of topics) tx.notify(liveChannel, topic)
    return written
  },
}
