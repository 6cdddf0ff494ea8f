/** Task runs: read, expanded, due, claimed; what was done to them by hand. */
import { patienceSeconds } from '#db/queries/claim.ts'
import { awaitedDag } from '#server/domain/run/awaited.ts'
import { byTime, type Statements } from './statements.ts'
import type { Rows, Transaction } from './tables.ts'

type Names =
  | 'activeEverywhere'
  | 'lockEverywhere'
  | 'activeTasks'
  | 'claimable'
  | 'closeIntervention'
  | 'dueItems'
  | 'expandTaskRun'
  | 'heldItems'
  | 'insertIntervention'
  | 'lockPoolOf'
  | 'newerTick'
  | 'openInterventions'
  | 'pastHolds'
  | 'runsOfDate'
  | 'saveAnswer'
  | 'taskRunRows'
  | 'waitingItems'

const holdsPlace = ({ state }: Rows['taskRun']) => state === 'starting' || state === 'running'
const usedOf = (tx: Transaction, pool: string) =>
  tx
    .where('taskRun', (row) => row.pool === pool && holdsPlace(row))
    .reduce((sum, { slots }) => sum + slots, 0)
const poolOf = (tx: Transaction, key: string) =>
  tx.all('pool').find(({ teamId, name }) => `${teamId}/${name}` === key)

export const items: Pick<Statements, Names> = {
  taskRunRows: (tx, runId) =>
    tx.where('taskRun', (row) => row.runId === runId).sort((a, b) => a.index - b.index),
  expandTaskRun: (tx, taskRunId, list) => {
    const first = tx.lockRow('taskRun', taskRunId)
    if (first === undefined) return [taskRunId]
    return list.map(({ key, item }, index) => {
      if (index === 0) {
        tx.update('taskRun', taskRunId, { key, item })
        return taskRunId
      }
      const id = tx.newId('taskRun')
      const { runId, task, pool, queue, slots, priority, cleanup } = first
      tx.insert('taskRun', {
        id,
        runId,
        task,
        key,
        index,
        item,
        pool,
        queue,
        slots,
        priority,
        cleanup,
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
      })
      return id
    })
  },
  dueItems: (tx) => {
    const rows = tx
      .where('taskRun', (row) => row.dueAt !== null && row.endedAt === null)
      .sort(byTime((row) => row.dueAt))
    const ms = (row: Rows['taskRun']) => (row.dueAt?.getTime() ?? 0) - tx.now().getTime()
    const next = rows.find((row) => ms(row) > 0)
    return {
      due: rows.filter((row) => ms(row) <= 0).map((row) => ({ id: row.id, runId: row.runId, ms: ms(row) })),
      nextMs: next === undefined ? null : ms(next),
    }
  },

  claimable: (tx, limit, blocked, { own, queues, teamId }) => {
    const fits = ({ pool, slots }: Rows['taskRun']) =>
      pool === null || usedOf(tx, pool) + slots <= (poolOf(tx, pool)?.slots ?? -Infinity)
    const takes = ({ queue }: Rows['taskRun']) => {
      if (queue === null) return own
      const [team, name = ''] = queue.split('/')
      return queues.includes(name) && (teamId === null || team === teamId)
    }
    /** Since when it or its run waits for a turn. */
    const turn = ({ runId, queuedAt }: Rows['taskRun']) => {
      const served = tx.get('run', runId)?.servedAt ?? null
      return served !== null && queuedAt !== null && served > queuedAt ? served : queuedAt
    }
    const underWay = tx.where('taskRun', (row) => holdsPlace(row) && takes(row))
    const active = Map.groupBy(underWay, ({ runId }) => runId)
    const ofRun = new Map<string, number>()
    /** How many of its run are under way when it comes, less its patience. */
    const share = (row: Rows['taskRun']) => {
      const nth = (ofRun.get(row.runId) ?? active.get(row.runId)?.length ?? 0) + 1
      ofRun.set(row.runId, nth)
      const waited = tx.now().getTime() - (turn(row)?.getTime() ?? 0)
      return nth - Math.floor(waited / (patienceSeconds * 1000))
    }
    return tx
      .where(
        'taskRun',
        (row) =>
          row.state === 'queued' &&
          takes(row) &&
          !blocked.runs.has(row.runId) &&
          !blocked.versions.has(tx.get('run', row.runId)?.versionId ?? '') &&
          !blocked.tasks.has(`${row.runId} ${row.task}`) &&
          fits(row),
      )
      .sort((a, b) => b.priority - a.priority || byTime((row: Rows['taskRun']) => row.queuedAt)(a, b))
      .map((row) => ({ row, share: share(row) }))
      .sort(
        (a, b) =>
          b.row.priority - a.row.priority ||
          a.share - b.share ||
          byTime(turn)(a.row, b.row) ||
          byTime((row: Rows['taskRun']) => row.queuedAt)(a.row, b.row),
      )
      .slice(0, limit)
      .map(({ row: { id, runId, task } }) => ({
        id,
        runId,
        versionId: tx.get('run', runId)?.versionId ?? '',
        task,
      }))
  },
  activeTasks: (tx, versionId) => {
    const active = new Set(
      tx.where('run', (row) => row.versionId === versionId && row.state === 'running').map(({ id }) => id),
    )
    return tx.where('taskRun', (row) => active.has(row.runId) && holdsPlace(row)).length
  },
  activeEverywhere: (tx) => tx.where('taskRun', holdsPlace).length,
  lockEverywhere: (tx) => tx.lock('parallelism'),
  lockPoolOf: (tx, taskRunId) => {
    const wanted = tx.get('taskRun', taskRunId)
    if (wanted === undefined || wanted.pool === null) return null
    const { pool: key, slots } = wanted
    const team = tx.where('pool', ({ teamId }) => key.startsWith(`${teamId}/`))
    for (const { id } of team.sort((a, b) => (a.name < b.name ? -1 : 1))) tx.lockRow('pool', id)
    return { pool: key, slots, free: (poolOf(tx, key)?.slots ?? 0) - usedOf(tx, key) }
  },

  newerTick: (tx, { dagId, schedule, logicalDate }, next) => {
    if (schedule === null || logicalDate === null) return false
    const fired = (row: Rows['run']) =>
      row.dagId === dagId &&
      row.trigger === 'schedule' &&
      row.schedule === schedule &&
      row.logicalDate !== null &&
      row.logicalDate > logicalDate
    const holds = (row: Rows['schedule']) =>
      row.dagId === dagId && row.key === schedule && (row.until === null || row.until >= next)
    return tx.all('run').some(fired) || tx.all('schedule').some(holds)
  },
  pastHolds: (tx, { dagId, schedule, logicalDate }, task) => {
    if (logicalDate === null) return true
    const isAnother = (key: string | null) =>
      key !== schedule &&
      tx.all('schedule').some((row) => row.dagId === dagId && row.key === key && row.until === null)
    const ofSchedule = (row: Rows['run']) =>
      row.dagId === dagId && (schedule === null || !isAnother(row.schedule))
    const earlier = tx
      .where('run', (row) => ofSchedule(row) && row.logicalDate !== null && row.logicalDate < logicalDate)
      .sort((a, b) => (b.logicalDate?.getTime() ?? 0) - (a.logicalDate?.getTime() ?? 0))
    const date = earlier[0]?.logicalDate?.getTime()
    const went = (run: Rows['run']) =>
      tx
        .where('taskRun', (row) => row.runId === run.id && row.task === task)
        .every(({ state }) => state === 'succeeded' || state === 'skipped')
    return date === undefined || earlier.some((run) => run.logicalDate?.getTime() === date && went(run))
  },
  heldItems: (tx, dagId) => {
    const running = new Set(
      tx.where('run', (row) => row.dagId === dagId && row.state === 'running').map(({ id }) => id),
    )
    return tx
      .where('taskRun', (row) => row.state === 'waiting' && row.heldAt !== null && running.has(row.runId))
      .map(({ id, runId }) => ({ id, runId }))
  },
  waitingItems: (tx, { teamId, dag: name, logicalDate }) => {
    const mine = tx.where('run', (row) => {
      const sameDate = row.logicalDate?.getTime() === logicalDate.getTime()
      const waits = tx
        .get('version', row.versionId)
        ?.spec.tasks.some(({ action }) => awaitedDag(action) === name)
      return (
        row.state === 'running' && sameDate && waits === true && tx.get('dag', row.dagId)?.teamId === teamId
      )
    })
    const ids = new Set(mine.map(({ id }) => id))
    const looked = ({ state, readyAt, dueAt }: Rows['taskRun']) =>
      state === 'waiting' && readyAt !== null && dueAt !== null
    return tx
      .where('taskRun', (row) => ids.has(row.runId) && looked(row))
      .map(({ id, runId }) => ({ id, runId }))
  },
  runsOfDate: (tx, { teamId, dag: name, logicalDate }) =>
    tx
      .where('run', (row) => {
        const dag = tx.get('dag', row.dagId)
        return (
          row.logicalDate?.getTime() === logicalDate.getTime() &&
          dag?.teamId === teamId &&
          `${dag.repo}/${dag.name}` === name
        )
      })
      .sort((a, b) => b.number - a.number)
      .map(({ number, state }) => ({ number, state })),

  insertIntervention: (tx, given) => {
    const answer = given.deed.kind === 'answer' ? given.taskRunId : null
    if (answer !== null) {
      tx.lock(`intervention unique ${answer}`)
      const there = tx.where('intervention', (row) => row.taskRunId === answer && row.deed.kind === 'answer')
      if (there.length > 0) return false
    }
    tx.insert('intervention', { id: tx.newId('intervention'), createdAt: tx.now(), ...given })
    return true
  },
  openInterventions: (tx) =>
    tx
      .where('intervention', ({ outcome }) => outcome === null)
      .sort(byTime((row) => row.createdAt))
      .slice(0, 200)
      .map(({ id, runId, taskRunId, deed, createdAt }) => ({
        id,
        runId,
        taskRunId,
        deed,
        by: '',
        at: createdAt,
      })),
  closeIntervention: (tx, id, outcome) => {
    const [row] = tx.lockWhere('intervention', (one) => one.id === id && one.outcome === null)
    if (row !== undefined) tx.update('intervention', id, { outcome })
    return row !== undefined
  },
  saveAnswer: (tx, taskRunId, answer) => tx.update('taskRun', taskRunId, { answer }),
}
