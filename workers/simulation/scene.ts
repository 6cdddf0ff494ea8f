/** For tests: one machine with the product, and runs of DAGs; no faults but those that a test makes. */
import { compile } from '#server/domain/notebook/compile.ts'
import { makeRun } from '#server/services/run/create-run.ts'
import { attemptEnd } from '../executors/executor.ts'
import { History, type Entry } from './history.ts'
import { Product, type Surroundings } from './product.ts'
import { Random } from './random.ts'
import { SimulatedDatabase } from './store/database.ts'
import { Life, World } from './world.ts'

interface SceneDag {
  tasks: string
  front?: string
  runs: number
}

/**
 * Runs of DAGs of these tasks (YAML), for a product that is not started yet.
 * @param more ms that each code takes, and seconds of the pool's leases
 */
export async function openScene(dags: SceneDag[], more: { codeMs?: number; poolLease?: number } = {}) {
  const world = new World(new Random(1))
  const history = new History(world, () => {})
  const database = new SimulatedDatabase(world, Date.UTC(2026, 0, 5), (what) =>
    history.add({ kind: 'committed', ...what }),
  )
  const { codeMs = 60_000, poolLease } = more
  const behaviour = () => ({ ms: codeMs, end: { ...attemptEnd('succeeded', null, null), exitCode: 0 } })
  const around: Surroundings = {
    world,
    database,
    history,
    behaviour,
    parallelism: null,
    doubled: () => 0,
    ...(poolLease === undefined ? {} : { poolLease }),
  }
  const product = new Product('a', around)
  const people = database.storeFor(new Life('people'))
  const ids: string[] = []
  for (const [i, { tasks, front = '', runs }] of dags.entries()) {
    const [id, versionId] = [`dag-${i}`, `version-${i}`]
    const text = `dagbok: 1\nid: d${i}\n${front}tasks:\n${tasks}\n`
    const { spec } = compile({ path: 'd.dag.yaml', text, readFile: () => null })
    if (spec === null) throw new Error(text)
    database.tables.dag.set(id, {
      id,
      teamId: 'team',
      repositoryId: 'r',
      repo: 'r',
      name: `d${i}`,
      nextRunNumber: 1,
      pausedAt: null,
      scheduledVersionId: versionId,
      scheduledSince: null,
      subscriptions: [],
    })
    database.tables.version.set(versionId, { id: versionId, dagId: id, number: 1, spec })
    database.tables.tip.set(id, { id, versionId })
    for (let n = 0; n < runs; n++) {
      const given = { dagId: id, versionId, spec, trigger: 'manual', triggeredBy: null, params: {} } as const
      void people.transaction((tx) => makeRun(tx, given)).then((made) => ids.push(made.id))
    }
  }
  await world.run(100)
  const item = (runId: string, task: string) =>
    [...database.tables.taskRun.values()].find((one) => one.runId === runId && one.task === task)
  const started = () =>
    history.entries.filter(
      (entry): entry is Extract<Entry, { kind: 'code_started' }> => entry.kind === 'code_started',
    )
  return { around, world, database, product, ids, item, started }
}
