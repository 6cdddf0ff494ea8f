/** Workers of the product and of the pool, and what of attempts only a worker asks. */
import { isLive, lostAttempt } from './attempts.ts'
import { later, type Statements } from './statements.ts'

type Names =
  | 'attemptOfWorker'
  | 'findWorker'
  | 'graceLeases'
  | 'inheritAttempts'
  | 'registerWorker'
  | 'tokensOfWorker'
  | 'workerAlive'
  | 'workerDrains'
  | 'workerStopped'

export const poolWorkers: Pick<Statements, Names> = {
  registerWorker: (tx, { id, host, tokenId = null, queues = [] }) => {
    tx.lock(`worker unique ${id}`)
    if (tx.get('worker', id) !== undefined) return
    tx.insert('worker', {
      id,
      host,
      tokenId,
      queues: [...queues],
      fullDisk: null,
      drainingAt: null,
      stoppedAt: null,
    })
  },
  findWorker: (tx, id, tokenId) => {
    const row = tx.get('worker', id)
    if (row === undefined || row.tokenId !== tokenId || row.stoppedAt !== null) return null
    return {
      id,
      host: row.host,
      queues: row.queues,
      draining: row.drainingAt !== null,
      full: row.fullDisk,
    }
  },
  // When it was heard is for people: nothing is decided by it.
  workerAlive: (tx, id, fullDisk = null) => {
    const [row] = tx.lockWhere('worker', (one) => one.id === id && one.stoppedAt === null)
    if (row !== undefined) tx.update('worker', id, { fullDisk })
  },
  workerDrains: (tx, id) => {
    const [row] = tx.lockWhere('worker', (one) => one.id === id && one.drainingAt === null)
    if (row !== undefined) tx.update('worker', id, { drainingAt: tx.now() })
  },
  workerStopped: (tx, id) => {
    const [row] = tx.lockWhere('worker', (one) => one.id === id && one.stoppedAt === null)
    if (row !== undefined) tx.update('worker', id, { stoppedAt: tx.now() })
  },
  inheritAttempts: (tx, { id, host, tokenId }) => {
    const earlier = tx.lockWhere(
      'worker',
      (row) => row.host === host && row.tokenId === tokenId && row.id !== id && row.stoppedAt === null,
    )
    const ids = new Set(earlier.map((row) => row.id))
    const rows = tx.lockWhere('attempt', (row) => isLive(row) && ids.has(row.workerId ?? ''))
    for (const row of earlier) tx.update('worker', row.id, { stoppedAt: tx.now() })
    for (const row of rows) tx.update('attempt', row.id, { workerId: id })
    return rows.flatMap(lostAttempt)
  },
  attemptOfWorker: (tx, token, workerId) => {
    const row = tx
      .all('attempt')
      .find((one) => one.token === token && one.workerId === workerId && isLive(one))
    const run = tx.get('run', row?.runId ?? '')
    if (row === undefined || run === undefined) return null
    const { id, runId, state, handle } = row
    return { id, runId, versionId: run.versionId, state, handle }
  },
  tokensOfWorker: (tx, tokens, workerId) => {
    const wanted = new Set(tokens)
    return tx
      .where('attempt', (row) => wanted.has(row.token) && row.workerId === workerId && isLive(row))
      .map(({ token }) => token)
  },
  graceLeases: (tx, seconds) => {
    const least = later(tx.now(), seconds * 1000)
    const remote = new Set(tx.where('worker', ({ tokenId }) => tokenId !== null).map(({ id }) => id))
    for (const row of tx.lockWhere('attempt', (one) => remote.has(one.workerId ?? '') && isLive(one)))
      if (row.leaseUntil === null || row.leaseUntil < least)
        tx.update('attempt', row.id, { leaseUntil: least })
  },
}
