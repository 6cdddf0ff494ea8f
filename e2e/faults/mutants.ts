/** Mutants of real processes: the product with one guard taken out, which a fault test must catch. */
import { mutants } from '#workers/simulation/mutants.ts'
import type { Cut } from '#workers/simulation/mutate.ts'

interface FaultMutant {
  name: string
  cuts: Cut[]
}

const pool = 'workers/executors/pool'
const ownProcess = 'workers/executors/process'
const bucket = 'server/storage/stores/s3'

/** Those of the simulation can be had, too. */
export const faultMutants: FaultMutant[] = [
  ...mutants,
  {
    name: 'a worker of the pool does not heed its lease',
    cuts: [
      {
        file: `${pool}/remote-sink.ts`,
        find: "this.#leases.get(token)?.over.abort(new DagbokError('conflict', 'The attempt was fenced.'))",
        put: 'void token',
      },
      {
        file: `${pool}/remote-sink.ts`,
        find: 'return passed && !this.#isOver(token)',
        put: 'return passed',
      },
      {
        file: `${ownProcess}/process-executor.ts`,
        find: "if (answer === 'fenced') this.#live",
        put: "if (answer === 'go_on' && tokens.length < 0) this.#live",
      },
      {
        file: `${ownProcess}/attempt.ts`,
        find: 'if (passed && sinceBoot() - asked > gateMs)',
        put: 'if (asked < 0)',
      },
      { file: `${ownProcess}/attempt.ts`, find: 'running.open(by)', put: 'running.open()' },
    ],
  },
  {
    name: 'the connection that listens is not opened again',
    cuts: [{ file: 'db/listener.ts', find: 'void this.#reopen()', put: 'void 0' }],
  },
  {
    name: 'a statement is waited for without a bound',
    cuts: [
      {
        file: 'db/sql.ts',
        find: 'if (options.statementMs !== undefined)',
        put: 'if (options.max === 0 && options.statementMs !== undefined)',
      },
    ],
  },
  {
    name: 'a call of git may take as long as it likes',
    cuts: [
      {
        file: 'server/git/run-git.ts',
        find: "}, ms)\n    child.once('error'",
        put: "}, 2 ** 30)\n    child.once('error'",
      },
    ],
  },
  {
    name: 'a tick is passed before its run is there, in a transaction of its own',
    cuts: [
      {
        file: 'workers/scheduler/cron-enqueuer.ts',
        find: 'await this.#store.transaction((tx) => fireSchedule(tx, schedule, moment, this.#usual))',
        put: 'await fireSchedule(this.#store, schedule, moment, this.#usual)',
      },
      {
        file: 'server/services/schedule/fire.ts',
        find: "await failpoint('schedule.fire.before')",
        put: "const passed = ticks.at(-1)?.at ?? due.cursor\n  await tx.moveSchedule(due, passed, nextTick(due.entry, passed)?.at ?? null)\n  await failpoint('schedule.fire.before')",
      },
    ],
  },
  {
    name: 'a fault of the store is no fault',
    cuts: [
      {
        file: `${ownProcess}/attempt-folder.ts`,
        find: 'await (artifacts.putFile?.(open) ?? artifacts.put(open()))',
        put: "await artifacts.put(open()).catch(() => ({ hash: '0'.repeat(64), size: 1 }))",
      },
    ],
  },
  {
    name: 'what an earlier life was writing is left lying',
    cuts: [{ file: 'workers/main.ts', find: 'await artifacts.sweep().catch(unswept)', put: 'void unswept' }],
  },
  {
    name: 'a call of the store is made once',
    cuts: [{ file: `${bucket}/bucket.ts`, find: '!fault.passing ||', put: 'tries >= 0 ||' }],
  },
  {
    name: 'what is read of the store is not compared with its hash',
    cuts: [
      {
        file: `${bucket}/download.ts`,
        find: "if (isWhole && sum.digest('hex') !== hash)",
        put: 'if (at < 0)',
      },
    ],
  },
  {
    name: 'an upload that failed is not given up',
    cuts: [
      {
        file: `${bucket}/upload.ts`,
        find: 'await abortUpload(this.#bucket, key, UploadId)',
        put: 'void abortUpload',
      },
    ],
  },
  {
    name: 'a connection that dies while it is idle ends the process',
    cuts: [
      { file: 'db/sql.ts', find: "pool.on('error', () => {})", put: '' },
      {
        file: 'db/sql.ts',
        find: "connection.on('error', () => {})\n    connection.once('end', () => open",
        put: "connection.once('end', () => open",
      },
    ],
  },
]
