/**
 * What a scheduler asks of the database: a narrow port, whose contract is the queries themselves. Here are the queries
 * bound to Postgres; `workers/simulation/store` answers the same in memory, and one suite shows that both are equal.
 */
import type { Database, Queryable } from './client.ts'
import * as admission from './queries/admission.ts'
import * as attempt from './queries/attempt.ts'
import * as claim from './queries/claim.ts'
import * as due from './queries/due.ts'
import * as giveUp from './queries/give-up.ts'
import * as intervention from './queries/intervention.ts'
import * as live from './queries/live.ts'
import * as log from './queries/log.ts'
import * as past from './queries/past.ts'
import * as pool from './queries/pool.ts'
import * as runState from './queries/run-state.ts'
import * as run from './queries/run.ts'
import * as schedule from './queries/schedule.ts'
import * as trigger from './queries/trigger.ts'
import * as version from './queries/version.ts'
import * as versionImage from './queries/version-image.ts'
import * as worker from './queries/worker.ts'

const queries = {
  activeEverywhere: claim.activeEverywhere,
  activeRuns: admission.activeRuns,
  activeTasks: claim.activeTasks,
  announce: live.announce,
  attemptOfWorker: worker.attemptOfWorker,
  attemptsOfEarlierLives: attempt.attemptsOfEarlierLives,
  changedDags: schedule.changedDags,
  claimable: claim.claimable,
  closeIntervention: intervention.closeIntervention,
  databaseNow: schedule.databaseNow,
  dueItems: due.dueItems,
  dueRuns: due.dueRuns,
  dueSchedules: schedule.dueSchedules,
  endAttempt: attempt.endAttempt,
  expandTaskRun: runState.expandTaskRun,
  expiredAttempts: attempt.expiredAttempts,
  findLiveAttempt: attempt.findLiveAttempt,
  findWorker: worker.findWorker,
  giveUpRun: giveUp.giveUpRun,
  graceLeases: worker.graceLeases,
  heartbeat: attempt.heartbeat,
  heldItems: past.heldItems,
  inheritAttempts: worker.inheritAttempts,
  insertAttempt: attempt.insertAttempt,
  insertIntervention: intervention.insertIntervention,
  insertLogChunk: log.insertLogChunk,
  insertResults: attempt.insertResults,
  insertRun: run.insertRun,
  liveSchedules: schedule.liveSchedules,
  lockDag: admission.lockDag,
  lockEverywhere: claim.lockEverywhere,
  lockPoolOf: claim.lockPoolOf,
  lockRun: runState.lockRun,
  lockScheduledDag: schedule.lockDag,
  markRunning: attempt.markRunning,
  markSubmitted: attempt.markSubmitted,
  moveSchedule: schedule.moveSchedule,
  newerTick: past.newerTick,
  openInterventions: intervention.openInterventions,
  othersOf: admission.othersOf,
  outputsOfTask: attempt.outputsOfTask,
  pastHolds: past.pastHolds,
  registerWorker: worker.registerWorker,
  requestCancel: runState.requestCancel,
  runIdentity: runState.runIdentity,
  runningRunIds: runState.runningRunIds,
  runsOfDate: past.runsOfDate,
  runsToEnd: due.runsToEnd,
  saveAnswer: intervention.saveAnswer,
  saveRecord: attempt.saveRecord,
  saveSubscriptions: trigger.saveSubscriptions,
  scheduleById: schedule.scheduleById,
  soonestTick: schedule.soonestTick,
  specOf: version.specOf,
  standingDigests: versionImage.standingDigests,
  taskRunRows: runState.taskRunRows,
  teamOfDag: pool.teamOfDag,
  tokensOfWorker: worker.tokensOfWorker,
  valuesOfRun: attempt.valuesOfRun,
  waitingRuns: admission.waitingRuns,
  wakeEnqueuers: live.wakeEnqueuers,
  wakeScheduler: live.wakeScheduler,
  waitingItems: past.waitingItems,
  workerAlive: worker.workerAlive,
  workerDrains: worker.workerDrains,
  workerStopped: worker.workerStopped,
  writeState: runState.writeState,
  writeTakeover: schedule.writeTakeover,
}

type Bound<Query> = Query extends (q: Queryable, ...rest: infer Rest) => infer Answer
  ? (...rest: Rest) => Answer
  : never

/** The queries on a transaction, or each in one of its own. */
export type Session = { [Name in keyof typeof queries]: Bound<(typeof queries)[Name]> }

export interface SchedulingStore extends Session {
  /** Commits when `work` resolves, undoes everything when it rejects. A commit whose answer is lost rejects, too. */
  transaction<T>(work: (tx: Session) => Promise<T>): Promise<T>
  /**
   * Hears NOTIFY: a hint, which may be lost or come twice. `listening` is told once it does, and again after each lost
   * connection. Gives what ends it.
   */
  listen(
    channel: string,
    heard: (payload: string) => void,
    listening?: () => void,
  ): Promise<() => Promise<void>>
}

export function sessionOf(q: Queryable): Session {
  const bound: Record<string, (...rest: never[]) => unknown> = {}
  for (const [name, query] of Object.entries(queries))
    bound[name] = (query as (q: Queryable, ...rest: never[]) => unknown).bind(null, q)
  return bound as Session
}

export const postgresStore = (db: Database): SchedulingStore => ({
  ...sessionOf(db),
  transaction: (work) => db.transaction((tx) => work(sessionOf(tx))),
  listen: async (channel, heard, listening) => {
    const subscription = await db.client.listen(channel, heard, listening)
    return () => subscription.unlisten()
  },
})
