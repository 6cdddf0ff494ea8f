/** What the rules of the suite are tried on, and what they begin with. */
import type { RunWrite, TaskRunWrite } from '#db/queries/run-state.ts'
import type { SchedulingStore, Session } from '#db/scheduling-store.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import { leaseMs } from '#server/config/lease.ts'
import { fresh, type ItemState } from '#server/domain/run/machine.ts'
import { makeRun } from '#server/services/run/create-run.ts'

export interface MadeVersion {
  dagId: string
  versionId: string
  spec: Spec
}

export interface Subject {
  store: SchedulingStore
  /** A DAG of these tasks (YAML) in repository `r`. */
  dag: (tasks: string, front?: string) => Promise<MadeVersion>
  pool: (name: string, slots: number) => Promise<void>
  /** Lets the lease of an attempt be over. */
  expire: (token: string) => Promise<void>
  token: () => string
  /** The id of a token of workers. */
  workersToken: () => Promise<string>
}

export const nobody = '00000000-0000-4000-8000-000000000000'
const end = {
  reason: null,
  message: null,
  exitCode: null,
  signal: null,
  memoryPeak: null,
  cpuSeconds: null,
}
export const succeeded = { ...end, state: 'succeeded' } as const
export const lost = { ...end, state: 'lost', reason: 'worker_lost' } as const

export const to = (state: ItemState['state'], more: Partial<ItemState> = {}): ItemState => ({
  ...fresh(),
  state,
  ...more,
})

/** When what is written here was decided; ms since the epoch. */
export const decidedAt = Date.UTC(2026, 0, 2)

/** With a handle that finds nothing. */
export const noHandle = { handle: {}, record: null }

export const writeTaskRuns = (store: Session, tasks: TaskRunWrite[]): Promise<number> =>
  store.writeState(nobody, { tasks, run: null, now: decidedAt, topics: [] })

/** Nothing is claimed, unless it says so. */
export const writeRun = (
  store: Session,
  id: string,
  run: Omit<RunWrite, 'served'> & Partial<RunWrite>,
): Promise<number> =>
  store.writeState(id, { tasks: [], run: { served: false, ...run }, now: decidedAt, topics: [] })

export const failed = (work: Promise<unknown>) =>
  work.then(
    () => false,
    () => true,
  )

export type Bench = ReturnType<typeof benchOf>

export function benchOf(subject: () => Subject) {
  const run = async (made: MadeVersion, more: Partial<Parameters<typeof makeRun>[1]> = {}) => {
    const { id } = await subject().store.transaction((tx) =>
      makeRun(tx, { ...made, trigger: 'manual', triggeredBy: null, params: {}, ...more }),
    )
    return { id, items: await subject().store.taskRunRows(id) }
  }
  /** A run with an attempt of an ordinary task, and one of clean-up. */
  const started = async () => {
    const { store, dag, token } = subject()
    const { id, items } = await run(
      await dag('  - {id: a, command: [a]}\n  - {id: z, command: [z], finally: true}'),
    )
    const [taskRunId = '', cleanup = ''] = items.map((item) => item.id)
    const given = { runId: id, n: 1, kind: 'main', executor: 'x', workerId: nobody } as const
    const tokens = [token(), token()] as const
    await store.insertAttempt({ ...given, taskRunId, token: tokens[0] }, leaseMs)
    await store.insertAttempt({ ...given, taskRunId: cleanup, token: tokens[1] }, leaseMs)
    return { store, id, taskRunId, token: tokens[0], cleanup: tokens[1], given }
  }
  return { subject, run, started }
}
