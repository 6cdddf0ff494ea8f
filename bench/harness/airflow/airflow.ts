/** The peer Airflow: LocalExecutor on a Postgres of its own, asked over its REST API as a user asks it. */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureDatabase, type EmbeddedPostgres } from '#db/embedded/postgres.ts'
import { atExit } from '../ending.ts'
import { freePort } from '../free-port.ts'
import { descendants } from '../processes.ts'
import { startComponents, type Component } from './components.ts'
import { checkOrder, dagFile, type Graph, type TaskInstance } from './graphs.ts'
import { airflowVersion, installAirflow } from './install.ts'

/** ms since 1970, by the clock of who kept them. */
export interface Span {
  triggered: number
  ended: number
}

export interface Airflow {
  name: string
  /** Starts a run. @returns its id */
  trigger: (graph: Graph) => Promise<string>
  /** Waits for its end. @throws when it failed */
  over: (graph: Graph, run: string) => Promise<Span>
  /** Waits for its end and checks its tasks. @throws when it is not right */
  ended: (graph: Graph, run: string) => Promise<Span>
  /** What a task's first attempt printed, among Airflow's own lines. */
  log: (graph: Graph, run: string, task: string) => Promise<string>
  /** When the first task of a run began, ms since 1970: waits for it. */
  firstStart: (graph: Graph, run: string) => Promise<number>
  /** Commits of the versions that it knows of a DAG; of a folder that is no repository null. */
  commits: (graph: Graph) => Promise<(string | null)[]>
  /** Its processes now, without Postgres. */
  pids: () => Promise<number[]>
  stop: () => Promise<void>
}

type Ask = (path: string, body?: unknown) => Promise<unknown>

/** Every answer is JSON. @throws when it is no success */
function client(port: number): Ask {
  let token: string | null = null
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
    })
    if (!response.ok)
      throw new Error(`Airflow: ${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
  return async (path, body) => {
    token ??= ((await ask('/auth/token')) as { access_token: string }).access_token
    return ask(path, body)
  }
}

const isHealthy = async (ask: Ask): Promise<boolean> => {
  const health = (await ask('/api/v2/monitor/health')) as Record<string, { status: string | null }>
  return ['metadatabase', 'scheduler', 'dag_processor'].every((part) => health[part]?.status === 'healthy')
}

/** Until it is healthy and knows every graph. @throws when a process ends, a DAG file is refused, or 3 minutes are over */
async function untilReady(ask: Ask, components: Component[], graphs: Graph[]): Promise<void> {
  let why: unknown = 'it was not ready within 3 minutes'
  for (const until = Date.now() + 180_000; Date.now() < until; await pause(250)) {
    const dead = components.find((component) => component.gone())
    if (dead !== undefined)
      throw new Error(`${dead.name} ended: ${(await readFile(dead.log, 'utf8')).slice(-1000)}`)
    try {
      if (!(await isHealthy(ask))) continue
      for (const { id } of graphs) await ask(`/api/v2/dags/${id}`)
      return
    } catch (error) {
      why = error
    }
  }
  throw new Error(String(why))
}

/** All pages of them. */
async function instancesOf(ask: Ask, graph: Graph, run: string): Promise<TaskInstance[]> {
  const all: TaskInstance[] = []
  for (;;) {
    const path = `/api/v2/dags/${graph.id}/dagRuns/${run}/taskInstances?limit=100&offset=${all.length}`
    const page = (await ask(path)) as { task_instances: TaskInstance[]; total_entries: number }
    all.push(...page.task_instances)
    if (all.length >= page.total_entries || page.task_instances.length === 0) return all
  }
}

async function logOf(ask: Ask, graph: Graph, run: string, task: string): Promise<string> {
  const path = `/api/v2/dags/${graph.id}/dagRuns/${run}/taskInstances/${task}/logs/1?full_content=true`
  const { content } = (await ask(path)) as { content: (string | { event: string })[] }
  return content.map((line) => (typeof line === 'string' ? line : line.event)).join('\n')
}

/** How many of its tasks failed by themselves, and the last that the first of them said. */
async function failureOf(ask: Ask, graph: Graph, run: string): Promise<string> {
  const all = await instancesOf(ask, graph, run)
  const failed = all.flatMap(({ state, task_id }) => (state === 'failed' ? [task_id] : []))
  const [first] = failed
  const log = first === undefined ? '' : await logOf(ask, graph, run, first).catch(String)
  const last = first === undefined ? '' : `; ${first} said last: ${log.trim().split('\n').at(-1)}`
  return `Airflow: ${graph.id} failed with ${failed.length} of ${all.length} tasks${last}`
}

async function untilEnded(ask: Ask, graph: Graph, run: string): Promise<Span> {
  for (;;) {
    const { state, queued_at, end_date } = (await ask(`/api/v2/dags/${graph.id}/dagRuns/${run}`)) as {
      state: string
      queued_at: string
      end_date: string | null
    }
    if (state === 'failed') throw new Error(await failureOf(ask, graph, run))
    if (state === 'success') return { triggered: Date.parse(queued_at), ended: Date.parse(end_date ?? '') }
    // Seldom: each question takes time from what is measured, and the times are Airflow's own.
    await pause(1000)
  }
}

async function firstStartOf(ask: Ask, graph: Graph, run: string): Promise<number> {
  for (;;) {
    const starts = (await instancesOf(ask, graph, run)).flatMap(({ start_date }) => start_date ?? [])
    if (starts.length > 0) return Math.min(...starts.map((date) => Date.parse(date)))
    await pause(250)
  }
}

async function commitsOf(ask: Ask, { id }: Graph): Promise<(string | null)[]> {
  const { dag_versions: all } = (await ask(`/api/v2/dags/${id}/dagVersions?limit=100`)) as {
    dag_versions: { bundle_version: string | null }[]
  }
  return all.map(({ bundle_version: commit }) => commit)
}

async function pidsOf(components: Component[]): Promise<number[]> {
  const pids = new Set<number>()
  for (const { pid } of components) for (const one of await descendants(pid)) pids.add(one)
  return [...pids]
}

/** Airflow follows this repository instead of its folder, as it does by default: with a checkout for each version. */
const following = (repo_url: string) => {
  const classpath = 'airflow.providers.git.bundles.git.GitDagBundle'
  const bundle = { name: 'followed', classpath, kwargs: { repo_url, tracking_ref: 'main' } }
  return { 'dag_processor.dag_bundle_config_list': JSON.stringify([bundle]) }
}

/** AIRFLOW_HOME, which is gone afterwards. */
async function makeHome(graphs: Graph[]) {
  const home = await mkdtemp(join(tmpdir(), 'dagbok-airflow-'))
  const forget = atExit(() => rmSync(home, { recursive: true, force: true }))
  await mkdir(join(home, 'dags'))
  for (const graph of graphs) await writeFile(join(home, 'dags', `${graph.id}.py`), dagFile(graph))
  const remove = async () => {
    await rm(home, { recursive: true, force: true })
    forget()
  }
  return { home, remove }
}

/**
 * Installs and starts it with these DAGs: of its folder, or of the repository `follows`, which has them.
 * @throws with the reason when that cannot be
 */
export async function startAirflow(
  server: EmbeddedPostgres,
  graphs: Graph[],
  own: Record<string, string>,
  follows?: string,
): Promise<Airflow> {
  const bin = await installAirflow()
  await ensureDatabase(server, 'airflow')
  const { home, remove } = await makeHome(follows === undefined ? graphs : [])
  const settings = { ...(follows === undefined ? {} : following(follows)), ...own }
  let components: Component[] = []
  const stop = async () => {
    await Promise.all(components.map((component) => component.stop()))
    await remove()
  }
  try {
    const port = await freePort()
    const ask = client(port)
    components = await startComponents({ bin, home, database: server.url('airflow'), port, settings })
    await untilReady(ask, components, graphs)
    return {
      name: `Airflow ${airflowVersion}`,
      trigger: async ({ id }) => {
        const made = await ask(`/api/v2/dags/${id}/dagRuns`, { logical_date: null })
        return (made as { dag_run_id: string }).dag_run_id
      },
      over: (graph, run) => untilEnded(ask, graph, run),
      ended: async (graph, run) => {
        const span = await untilEnded(ask, graph, run)
        checkOrder(graph, await instancesOf(ask, graph, run))
        return span
      },
      log: (graph, run, task) => logOf(ask, graph, run, task),
      firstStart: (graph, run) => firstStartOf(ask, graph, run),
      commits: (graph) => commitsOf(ask, graph),
      pids: () => pidsOf(components),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
