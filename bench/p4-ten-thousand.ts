/**
 * P4: 100 DAGs, 10 runs of each, chains of 10 tasks that do next to nothing, in warm interpreters. The peer is a queue
 * without graphs: as many independent jobs, each a call of a function in a process that is there. Each round has a product
 * and a queue of its own.
 */
import { leftOut } from './harness/airflow/beside.ts'
import { pushCut, runCut, tasksOf, type Cut } from './harness/cut.ts'
import { startGraphileWorker } from './harness/graphile-worker.ts'
import { withPostgres } from './harness/postgres-floor.ts'
import { inTurn } from './harness/in-turn.ts'
import { startProduct } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { bareNode, bareSpawns } from './harness/spawns.ts'
import { compare, median, round, type Row } from './harness/statistics.ts'

async function ours(cut: Cut): Promise<number> {
  const product = await startProduct({ seed: false })
  try {
    await pushCut(product, cut)
    return await runCut(product, cut)
  } finally {
    await product.stop()
  }
}

async function queue(count: number): Promise<{ name: string; ms: number }> {
  return withPostgres(async (server) => {
    const peer = await startGraphileWorker(server)
    try {
      return { name: peer.name.split(':')[0] ?? '', ms: await peer.many(count) }
    } finally {
      await peer.stop()
    }
  })
}

/** @returns rows of the table. @throws when a run fails, or a task ran never, twice or early */
export async function tenThousand({ rounds, ...cut }: Cut & { rounds: number }): Promise<Row[]> {
  const count = tasksOf(cut)
  const own: number[] = []
  const peers: { name: string; ms: number }[] = []
  let missing: string | null = null
  const progress = new Progress(`${count} tasks:`, rounds)
  for (let i = 0; i < rounds; i++) {
    own.push(await ours(cut))
    if (missing === null)
      await queue(count).then(
        (peer) => peers.push(peer),
        (error: unknown) => (missing = String(error)),
      )
    progress.step()
  }
  progress.end()
  const queued = peers.map(({ ms }) => ms)
  const rate = (figure: string, values: number[]): Row => ({
    figure,
    s: round(median(values) / 1000),
    'tasks/s': round((count / median(values)) * 1000),
    ...(missing === null ? compare(values, { 'graphile-worker': queued }) : {}),
  })
  const first = rate(`ours, ${cut.dags} DAGs × ${cut.runs} runs × 10 tasks`, own)
  if (missing !== null) return [first, leftOut(missing, 'graphile-worker')]
  return [first, rate(`${peers[0]?.name ?? 'a queue'}, ${count} jobs`, queued)]
}

/** A cut beside the processes of Node alone that it starts, four at a time. @returns rows. @throws as `tenThousand` */
export async function cutBesideSpawns({ rounds, ...cut }: Cut & { rounds: number }): Promise<Row[]> {
  const product = await startProduct({ seed: false })
  try {
    await pushCut(product, cut)
    const count = tasksOf(cut)
    const sides = [
      { name: 'ours', once: () => runCut(product, cut) },
      { name: 'floor', once: () => bareSpawns(bareNode, count, 4) },
    ]
    const values = await inTurn(sides, rounds, `${count} tasks:`)
    const ours = values.get('ours') ?? []
    return [
      {
        figure: `${count} tasks`,
        s: round(median(ours) / 1000),
        ...compare(ours, { floor: values.get('floor') }),
      },
    ]
  } finally {
    await product.stop()
  }
}
