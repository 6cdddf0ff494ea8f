/**
 * P8 beside Airflow: one commit that changes a DAG of both, pushed to the product and to the bare repository that Airflow's
 * GitDagBundle follows, with its defaults: it asks git every 5 minutes. As an interval has no good moment, the pushes are
 * spread evenly over it. What takes longer than the cut-off counts as that.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startAirflow, type Airflow } from './harness/airflow/airflow.ts'
import { leftOut } from './harness/airflow/beside.ts'
import { chainGraph, dagFile, type Graph } from './harness/airflow/graphs.ts'
import { startBareGitServer } from './harness/bare-git-server.ts'
import { git } from './harness/git.ts'
import { withPostgres } from './harness/postgres-floor.ts'
import { startProduct, type Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { compare, spread, type Row } from './harness/statistics.ts'
import { wallMs } from './harness/wall-clock.ts'
import { dags, makeRepository, notebook, pushOurs } from './p8-push-to-run.ts'

/** `[dag_processor] refresh_interval`, Airflow's default. */
const intervalMs = 300_000
const cutOffMs = 300_000
const repository = 'followed'

const graphOf = (id: string, text: string): Graph => chainGraph(id.replace('-', '_'), 1, `echo "${text}"`)

interface Times {
  listed: number
  running: number
}

/** ms until it lists the commit, and until the first task of a run started then begins. null: not before the cut-off */
async function untilRun(airflow: Airflow, graph: Graph, sha: string, text: string): Promise<Times | null> {
  const start = wallMs()
  while (!(await airflow.commits(graph)).includes(sha)) {
    if (wallMs() - start > cutOffMs) return null
    await pause(250)
  }
  const listed = wallMs() - start
  const run = await airflow.trigger(graph)
  const running = (await airflow.firstStart(graph, run)) - start
  await airflow.ended(graph, run)
  const log = await airflow.log(graph, run, 't0')
  if (!log.split('\n').includes(text))
    throw new Error(`Airflow's run of ${sha} did not print '${text}':\n${log}`)
  return { listed, running }
}

interface Sides {
  product: Product
  airflow: Airflow
  work: string
}

interface Pair {
  ours: Times
  airflow: Times | null
}

async function onePair({ product, airflow, work }: Sides, i: number): Promise<Pair> {
  const dag = dags[i % dags.length] ?? ''
  const text = `push ${i}`
  const graph = graphOf(dag, text)
  await writeFile(join(work, dag, `${dag}.dag.md`), notebook(dag, text))
  await writeFile(join(work, dag, `${graph.id}.py`), dagFile(graph))
  await git(work, 'commit', '-qam', `Push ${i}`)
  const { log, ...ours } = await pushOurs(product, work, repository, dag)
  if (log.trim() !== text) throw new Error(`the run of push ${i} printed ${log}`)
  const start = wallMs()
  await git(work, 'push', '-q', 'bare', 'main')
  const pushed = wallMs() - start
  const times = await untilRun(airflow, graph, (await git(work, 'rev-parse', 'HEAD')).trim(), text)
  return {
    ours,
    airflow: times && { listed: times.listed + pushed, running: times.running + pushed },
  }
}

function rowsOf(files: number, pairs: Pair[], name: string): Row[] {
  const late = pairs.filter(({ airflow }) => airflow === null).length
  const cut = late === 0 ? '' : `, ${late} of ${pairs.length} cut off at ${cutOffMs / 1000} s`
  return (['listed', 'running'] as const).flatMap((key) => {
    const ours = pairs.map((pair) => pair.ours[key])
    const airflow = pairs.map((pair) => pair.airflow?.[key] ?? cutOffMs)
    const what = key === 'listed' ? 'listed' : 'first task running'
    return [
      {
        files,
        figure: `${what}: ours beside ${name}`,
        ...spread(ours),
        ...compare(ours, { Airflow: airflow }),
      },
      {
        files,
        figure: `${what}: ${name}, asks git every ${intervalMs / 1000} s${cut}`,
        ...spread(airflow),
        ...compare(airflow, { Airflow: airflow }),
      },
    ]
  })
}

/** Each push at its own moment of the interval, counted from the end of the pair before, which is soon after a refresh. */
async function measure(sides: Sides, count: number): Promise<Pair[]> {
  const pairs: Pair[] = []
  const progress = new Progress('push beside Airflow', count)
  for (let i = 0; i < count; i++) {
    await pause(((i + 0.5) / count) * intervalMs)
    pairs.push(await onePair(sides, i))
    progress.step()
  }
  progress.end()
  return pairs
}

/** The repository that both follow, pushed to both. */
async function makeBoth(work: string, files: number): Promise<Graph[]> {
  await mkdir(work)
  const graphs = dags.map((id) => graphOf(id, 'first'))
  await makeRepository(work, files)
  for (const [i, graph] of graphs.entries())
    await writeFile(join(work, dags[i] ?? '', `${graph.id}.py`), dagFile(graph))
  await git(work, 'add', '-A')
  await git(work, 'commit', '-qm', 'The same for Airflow')
  return graphs
}

/** @returns rows of the table, or one with the reason. @throws when a run is not right */
export async function pushBesideAirflow(options: { pairs: number; files: number }): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-p8-'))
  const work = join(folder, 'work')
  const peer = await startBareGitServer(folder, repository)
  const url = `${peer.url}/${repository}.git`
  try {
    const graphs = await makeBoth(work, options.files)
    await git(work, 'remote', 'add', 'bare', url)
    await git(work, 'push', '-q', 'bare', 'main')
    return await withPostgres(async (server) => {
      const airflow = await startAirflow(server, graphs, {}, url).catch(String)
      if (typeof airflow === 'string') return [leftOut(airflow)]
      const product = await startProduct({ seed: false })
      try {
        await git(work, 'remote', 'add', 'ours', product.remote(repository))
        await git(work, 'push', '-q', 'ours', 'main')
        return rowsOf(options.files, await measure({ product, airflow, work }, options.pairs), airflow.name)
      } finally {
        await product.stop()
        await airflow.stop()
      }
    })
  } finally {
    await peer.close()
    await rm(folder, { recursive: true, force: true })
  }
}
