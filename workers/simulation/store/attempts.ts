/** Attempts: every write carries the fencing token. */
import type { LostAttempt } from '#db/queries/attempt.ts'
import { liveChannel } from '#db/queries/live.ts'
import { keptText } from '#server/domain/json.ts'
import { byTime, later, type Statements } from './statements.ts'
import { StatementError, type Rows, type Transaction } from './tables.ts'

type Names =
  | 'attemptsOfEarlierLives'
  | 'endAttempt'
  | 'expiredAttempts'
  | 'findLiveAttempt'
  | 'heartbeat'
  | 'insertAttempt'
  | 'insertLogChunk'
  | 'insertResults'
  | 'markRunning'
  | 'markSubmitted'
  | 'outputsOfTask'
  | 'saveRecord'
  | 'valuesOfRun'

export const isLive = ({ state }: Rows['attempt']) =>
  state === 'created' || state === 'submitted' || state === 'running'

const isBefore = ({ state }: Rows['attempt']) => state === 'created' || state === 'submitted'

export const lostAttempt = ({ token, id, state, handle }: Rows['attempt']): LostAttempt[] =>
  state === 'created' || state === 'submitted' || state === 'running'
    ? [{ token, attemptId: id, state, handle }]
    : []

/** The succeeded attempt whose results a task run has. */
const resultsOf = (tx: Transaction, { id, reusedFrom }: Rows['taskRun']) =>
  tx.where('attempt', (row) => row.taskRunId === (reusedFrom ?? id) && row.state === 'succeeded')

export const attempts: Pick<Statements, Names> = {
  insertAttempt: (tx, given, leaseMs) => {
    const { taskRunId, n } = given
    tx.lock(`attempt unique ${taskRunId} ${n}`)
    if (tx.all('attempt').some((row) => row.taskRunId === taskRunId && row.n === n))
      throw new StatementError('duplicate key: attempt_n')
    const id = tx.newId('attempt')
    tx.insert('attempt', {
      state: 'created',
      reason: null,
      message: null,
      handle: null,
      record: null,
      exitCode: null,
      signal: null,
      memoryPeak: null,
      cpuSeconds: null,
      submittedAt: null,
      startedAt: null,
      endedAt: null,
      results: null,
      ...given,
      id,
      leaseUntil: later(tx.now(), leaseMs),
      createdAt: tx.now(),
    })
    return id
  },
  saveRecord: (tx, id, record) => tx.update('attempt', id, { record }),
  markSubmitted: (tx, token, handle) => {
    const [row] = tx.lockWhere('attempt', (one) => one.token === token && one.state === 'created')
    if (row !== undefined) tx.update('attempt', row.id, { state: 'submitted', handle, submittedAt: tx.now() })
    return row !== undefined
  },
  markRunning: (tx, token, { handle, record }, leaseMs) => {
    const [row] = tx.lockWhere('attempt', (one) => one.token === token && isBefore(one))
    if (row === undefined || row.handle?.['ending'] !== undefined) return false
    if ((row.handle?.['uid'] ?? handle['uid']) !== handle['uid']) return false
    const least = later(tx.now(), leaseMs)
    const leaseUntil = row.leaseUntil !== null && row.leaseUntil > least ? row.leaseUntil : least
    tx.update('attempt', row.id, {
      state: 'running',
      handle: { ...row.handle, ...handle },
      record: record ?? row.record,
      submittedAt: row.submittedAt ?? tx.now(),
      startedAt: tx.now(),
      leaseUntil,
    })
    return true
  },
  findLiveAttempt: (tx, token) => {
    const row = tx.all('attempt').find((one) => one.token === token && isLive(one))
    return row === undefined ? null : { id: row.id, runId: row.runId, taskRunId: row.taskRunId }
  },
  endAttempt: (tx, token, end, record = null) => {
    const [row] = tx.lockWhere('attempt', (one) => one.token === token && isLive(one))
    if (row !== undefined)
      tx.update('attempt', row.id, {
        ...end,
        record: record ?? row.record,
        message: keptText(end.message),
        endedAt: tx.now(),
        leaseUntil: null,
      })
    return row !== undefined
  },
  insertResults: (tx, id, results) => tx.update('attempt', id, { results }),
  insertLogChunk: (tx, token) => {
    const row = tx.all('attempt').find((one) => one.token === token && isLive(one))
    if (row !== undefined) tx.notify(liveChannel, `log:${row.id}`)
    return row !== undefined
  },
  heartbeat: (tx, tokens, leaseMs) => {
    const wanted = new Set(tokens)
    const rows = tx.lockWhere('attempt', (one) => wanted.has(one.token) && isLive(one))
    return new Map(
      rows.map((row) => {
        tx.update('attempt', row.id, { leaseUntil: later(tx.now(), leaseMs) })
        const item = tx.get('taskRun', row.taskRunId)
        const run = tx.get('run', row.runId)
        const stopping = run?.cancelRequestedAt !== null || run.stopping !== null
        const ends = item?.endedAt !== null || (stopping && (run?.cancelForced === true || !item.cleanup))
        return [row.token, ends ? 'cancel' : 'go_on']
      }),
    )
  },
  expiredAttempts: (tx) =>
    tx
      .where('attempt', (row) => isLive(row) && row.leaseUntil !== null && row.leaseUntil < tx.now())
      .sort(byTime((row) => row.leaseUntil))
      .map(({ token, runId }) => ({ token, runId })),
  attemptsOfEarlierLives: (tx, host, workerId) => {
    const earlier = new Set(
      tx.where('worker', (row) => row.host === host && row.id !== workerId).map(({ id }) => id),
    )
    return tx.where('attempt', (row) => isLive(row) && earlier.has(row.workerId ?? '')).flatMap(lostAttempt)
  },
  valuesOfRun: (tx, runId, tasks) =>
    tx
      .where('taskRun', (row) => row.runId === runId && tasks.includes(row.task))
      .flatMap((item) => {
        const left = resultsOf(tx, item).flatMap((one) => one.results?.values ?? [])
        const answered = Object.entries(item.answer?.values ?? {}).map(([name, value]) => ({ name, value }))
        return [...left, ...answered].map(({ name, value }) => ({
          task: item.task,
          index: item.index,
          name,
          value: value ?? null,
        }))
      }),
  outputsOfTask: (tx, runId, task, wanted) =>
    tx
      .where('taskRun', (row) => row.runId === runId && row.task === task)
      .sort((a, b) => a.index - b.index)
      .flatMap((item) =>
        resultsOf(tx, item).flatMap((one) =>
          (one.results?.outputs ?? [])
            .filter(({ name }) => name === wanted)
            .map(({ path, hash, size }) => ({ key: item.key, index: item.index, path, hash, size })),
        ),
      ),
}
