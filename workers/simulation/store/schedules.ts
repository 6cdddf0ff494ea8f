/** Which version of a DAG schedules it, and where its schedules stand. */
import { byTime, type Statements } from './statements.ts'
import type { Rows, Transaction } from './tables.ts'

type Names =
  | 'changedDags'
  | 'databaseNow'
  | 'dueSchedules'
  | 'liveSchedules'
  | 'lockScheduledDag'
  | 'moveSchedule'
  | 'saveSubscriptions'
  | 'scheduleById'
  | 'soonestTick'
  | 'writeTakeover'

const tipOf = (tx: Transaction, dagId: string) => tx.get('tip', dagId)?.versionId ?? null
const goesOn = (tx: Transaction, { dagId }: Rows['schedule']) => tx.get('dag', dagId)?.pausedAt === null

export const schedules: Pick<Statements, Names> = {
  databaseNow: (tx) => tx.now(),
  changedDags: (tx, repositoryId) =>
    tx
      .where(
        'dag',
        (row) =>
          (repositoryId === null || row.repositoryId === repositoryId) &&
          tipOf(tx, row.id) !== row.scheduledVersionId,
      )
      .map(({ id }) => ({ dagId: id, versionId: tipOf(tx, id) })),
  lockScheduledDag: (tx, dagId) => {
    const row = tx.lockRow('dag', dagId)
    if (row === undefined) return null
    const { id, repositoryId, pausedAt, scheduledVersionId, scheduledSince } = row
    const paused = pausedAt !== null
    return { id, repositoryId, paused, versionId: tipOf(tx, id), scheduledVersionId, scheduledSince }
  },
  liveSchedules: (tx, dagId) =>
    tx
      .where('schedule', (row) => row.dagId === dagId && row.until === null)
      .map(({ id, key, cursor }) => ({ id, key, cursor })),
  writeTakeover: (tx, dagId, versionId, { kept, ended, added }, now) => {
    const dag = tx.lockRow('dag', dagId)
    if (dag === undefined) return
    if (versionId !== null) {
      for (const { id, entry, nextTick } of kept) tx.update('schedule', id, { versionId, entry, nextTick })
      for (const one of added)
        tx.insert('schedule', { id: tx.newId('schedule'), dagId, versionId, until: null, ...one })
    }
    for (const id of ended) tx.update('schedule', id, { until: now })
    tx.update('dag', dagId, {
      scheduledVersionId: versionId,
      ...(added.length > 0 ? { scheduledSince: dag.scheduledSince ?? tx.now() } : {}),
    })
  },
  saveSubscriptions: (tx, dagId, subscriptions) => tx.update('dag', dagId, { subscriptions }),
  dueSchedules: (tx, now, limit) =>
    tx
      .where('schedule', (row) => goesOn(tx, row) && row.nextTick !== null && row.nextTick <= now)
      .sort(byTime((row) => row.nextTick))
      .slice(0, limit)
      .map(({ id, dagId }) => ({ id, dagId })),
  soonestTick: (tx, now) =>
    tx
      .where('schedule', (row) => goesOn(tx, row) && row.nextTick !== null && row.nextTick > now)
      .sort(byTime((row) => row.nextTick))[0]?.nextTick ?? null,
  scheduleById: (tx, id) => {
    const row = tx.get('schedule', id)
    const version = tx.get('version', row?.versionId ?? '')
    if (row === undefined || version === undefined) return null
    const queued = tx.where(
      'run',
      ({ versionId: of, state, trigger }) =>
        of === row.versionId && state === 'queued' && trigger === 'schedule',
    ).length
    const { key, versionId, entry, cursor, until } = row
    return { id, key, versionId, entry, cursor, until, spec: version.spec, queued }
  },
  moveSchedule: (tx, { id, until }, cursor, nextTick) => {
    if (until !== null && (nextTick === null || nextTick > until)) tx.remove('schedule', id)
    else tx.update('schedule', id, { cursor, nextTick })
  },
}
