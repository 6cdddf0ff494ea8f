/**
 * Mutants: the product with one guard taken out, in the text of its own sources. The checker must catch each within a
 * bounded number of seeds, else it would catch nothing. The simulated store is cut where the SQL would be, since
 * the conformance suite holds the two equal.
 */
import type { Violation } from './checker/checker.ts'
import type { Cut } from './mutate.ts'
import { poolMutants } from './pool-mutants.ts'

export interface Mutant {
  name: string
  /** Promises of which one must be seen broken. */
  breaks: Violation['promise'][]
  cuts: Cut[]
}

const scheduler = 'workers/scheduler'
const store = 'workers/simulation/store'

export const mutants: Mutant[] = [
  {
    name: 'the start gate does not compare: whoever asks passes',
    breaks: ['R1'],
    cuts: [
      {
        file: `${scheduler}/attempt-sink.ts`,
        find: 'if (!decideWhether(live.machine, passing)) return null',
        put: '',
      },
      {
        file: `${scheduler}/attempt-sink.ts`,
        find: "return passed && stateNow() === 'running'",
        put: 'return passed',
      },
      {
        file: `${store}/attempts.ts`,
        find: 'one.token === token && isBefore(one)',
        put: 'one.token === token && isLive(one)',
      },
      {
        file: 'server/domain/run/events.ts',
        find: "gate_passed: ['starting']",
        put: "gate_passed: ['starting', 'running']",
      },
      {
        file: 'server/domain/run/item-events.ts',
        find: "return move(work, event, 'running')",
        put: 'return touch(work, event, {})',
      },
    ],
  },
  {
    name: 'a claim does not look at the state of what it claims',
    breaks: ['R1', 'R3', 'R4'],
    cuts: [
      { file: `${scheduler}/claimer.ts`, find: "item.state !== 'queued' || ", put: '' },
      {
        file: 'server/domain/run/events.ts',
        find: "claimed: ['queued']",
        put: "claimed: ['queued', 'starting', 'running', 'retrying']",
      },
      {
        file: 'server/domain/run/transitions.ts',
        find: "  starting: ['running',",
        put: "  starting: ['starting', 'running',",
      },
      {
        file: 'server/domain/run/transitions.ts',
        find: "  running: ['retrying',",
        put: "  running: ['starting', 'retrying',",
      },
    ],
  },
  {
    name: 'a cached state is believed whatever the revision of its row',
    breaks: ['R1', 'R2', 'R3', 'R4', 'R17'],
    cuts: [
      { file: `${scheduler}/run-advancer.ts`, find: ' && cached.row.revision === row.revision', put: '' },
    ],
  },
  {
    name: 'there is no poll beside notifications',
    breaks: ['R2', 'R4'],
    cuts: [{ file: `${scheduler}/scheduler.ts`, find: 'const pollMs = 2000', put: 'const pollMs = 2 ** 40' }],
  },
  {
    name: 'nobody looks for leases that are over',
    breaks: ['R2'],
    cuts: [
      {
        file: `${scheduler}/scheduler.ts`,
        find: 'of this.#overdue.look(await this.#store.expiredAttempts())',
        put: 'of [] as { token: string; runId: string }[]',
      },
    ],
  },
  {
    name: 'a question whose answer is lost is not asked again',
    breaks: ['R2'],
    cuts: [
      {
        file: 'server/domain/run/work.ts',
        find: 'const askAgainMs = 30_000',
        put: 'const askAgainMs = 2 ** 40',
      },
    ],
  },
  {
    name: 'the database never closes the transactions of a machine that is cut off',
    breaks: ['R2', 'R4'],
    cuts: [
      {
        file: 'workers/simulation/simulate.ts',
        find: 'database.idleMs = idleInTransactionMs',
        put: 'database.idleMs = Infinity',
      },
    ],
  },
  {
    name: 'a late answer of the start gate is believed',
    breaks: ['R1', 'R17'],
    cuts: [
      {
        file: `${scheduler}/attempt-sink.ts`,
        find: 'if (passed && this.#effects.sinceBoot() - asked > gateMs)',
        put: 'if (asked < 0)',
      },
      {
        file: 'workers/simulation/executor.ts',
        find: 'if (passed && world.now - asked > gateMs)',
        put: 'if (asked < 0)',
      },
    ],
  },
  {
    name: 'the start gate leaves out the time for which the machine slept',
    breaks: ['R1', 'R17'],
    cuts: [
      {
        file: `${scheduler}/attempt-sink.ts`,
        find: 'const asked = this.#effects.sinceBoot()',
        put: 'const asked = this.#effects.elapsed()',
      },
      {
        file: `${scheduler}/attempt-sink.ts`,
        find: 'this.#effects.sinceBoot() - asked > gateMs',
        put: 'this.#effects.elapsed() - asked > gateMs',
      },
      {
        file: 'workers/simulation/executor.ts',
        find: 'if (passed && world.now - asked > gateMs)',
        put: 'if (asked < 0)',
      },
    ],
  },
  {
    name: 'the end of an attempt is not fenced',
    breaks: ['R3'],
    cuts: [
      {
        file: `${store}/attempts.ts`,
        find: "const [row] = tx.lockWhere('attempt', (one) => one.token === token && isLive(one))",
        put: "const [row] = tx.lockWhere('attempt', (one) => one.token === token)",
      },
      {
        file: `${store}/attempts.ts`,
        find: "findLiveAttempt: (tx, token) => {\n    const row = tx.all('attempt').find((one) => one.token === token && isLive(one))",
        put: "findLiveAttempt: (tx, token) => {\n    const row = tx.all('attempt').find((one) => one.token === token)",
      },
      {
        file: `${store}/tables.ts`,
        find: 'if (ends.includes(from) && from !== to)',
        put: 'if (Math.random() > 2)',
      },
    ],
  },
  {
    name: 'an end of a task run is not final',
    breaks: ['R3'],
    cuts: [
      {
        file: `${store}/tables.ts`,
        find: 'if (ends.includes(from) && from !== to)',
        put: 'if (Math.random() > 2)',
      },
      {
        file: 'server/domain/run/events.ts',
        find: "  marked: ['waiting',",
        put: "  marked: ['failed', 'succeeded', 'waiting',",
      },
      {
        file: 'server/domain/run/transitions.ts',
        find: '  failed: [],',
        put: "  failed: ['succeeded', 'skipped'],",
      },
    ],
  },
  {
    name: 'the pool is counted without its lock',
    breaks: ['R4'],
    cuts: [
      {
        file: `${store}/items.ts`,
        find: "tx.lockRow('pool', id)",
        put: "tx.get('pool', id)",
      },
    ],
  },
  {
    name: 'max_active_tasks is counted without the lock of its DAG',
    breaks: ['R4'],
    cuts: [{ file: `${scheduler}/limits.ts`, find: 'await tx.lockDag(live.row.dagId)', put: '' }],
  },
  {
    name: 'all tasks of the deployment are counted without their lock',
    breaks: ['R4'],
    cuts: [{ file: `${scheduler}/limits.ts`, find: 'await tx.lockEverywhere()', put: '' }],
  },
  {
    name: 'runs are admitted without the lock of their DAG',
    breaks: ['R4'],
    cuts: [{ file: `${scheduler}/admitter.ts`, find: 'await tx.lockDag(waiting.dagId)', put: '' }],
  },
  {
    name: 'what a transaction has claimed before is not counted',
    breaks: ['R4'],
    cuts: [
      { file: `${scheduler}/limits.ts`, find: 'batch.slots.set(pool.pool, taken + pool.slots)', put: '' },
    ],
  },
  {
    name: 'a tick is fired without lock and key',
    breaks: ['R9'],
    cuts: [
      {
        file: `${store}/schedules.ts`,
        find: "const row = tx.lockRow('dag', dagId)\n",
        put: "const row = tx.get('dag', dagId)\n",
      },
      {
        file: `${store}/runs.ts`,
        find: 'if (tick !== null && logicalDate !== null) {',
        put: 'if (tick === "") {',
      },
    ],
  },
  {
    name: 'a tick is passed over when its run cannot be made',
    breaks: ['R9'],
    cuts: [
      {
        file: 'server/services/schedule/fire.ts',
        find: 'const cursor = ticks.at(-1)?.at ?? due.cursor',
        put: 'const cursor = until',
      },
      {
        file: 'server/services/schedule/fire.ts',
        find: 'ticksBetween(entry, cursor, until, room)',
        put: 'ticksBetween(entry, cursor, until, 1)',
      },
    ],
  },
  {
    name: 'a cancel does not close the start gate',
    breaks: ['R17'],
    cuts: [
      {
        file: `${scheduler}/attempt-sink.ts`,
        find: 'if (!decideWhether(live.machine, passing)) return null',
        put: '',
      },
      {
        file: 'server/domain/run/decide.ts',
        find: 'return goesOn && isShut(machine, event.node)',
        put: 'return !goesOn && isShut(machine, event.node)',
      },
    ],
  },
  {
    name: 'a run is cancelled before its attempts have ended',
    breaks: ['R17', 'R2', 'R3'],
    cuts: [
      {
        file: 'server/domain/run/stop.ts',
        find: "if (state === 'starting' || state === 'running') work.actions.push({ kind: 'end_attempt', node, item })\n    else if",
        put: 'if',
      },
    ],
  },
  {
    name: 'a lease that is over is over at once, whatever the clock did',
    breaks: ['R1', 'R17'],
    cuts: [
      {
        file: `${scheduler}/scheduler.ts`,
        find: 'this.#overdue.look(await this.#store.expiredAttempts())',
        put: 'await this.#store.expiredAttempts()',
      },
    ],
  },
  ...poolMutants,
]
