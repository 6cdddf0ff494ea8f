/** The peer Airflow: LocalExecutor on a Postgres of its own, asked over its REST API as a user asks it. */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureDatabase, type EmbeddedPostgres } from '#db/embedded/postgres.ts'
import { atExit } from '../ending.ts'
import { freePort } from '../free-port.ts'
import { descendants, proportionalMemory } from '../processes.ts'
import { startComponents, type Component } from './components.ts'
import { checkOrder, dagFile, type Graph, type TaskInstance } from './graphs.ts'
import { airflowVersion, installAirflow } from './install.ts'

export interface Airflow {
  name: string
  /** Starts a run. @returns its id */
  trigger: (graph: Graph) => Promise<string>
  /** Waits for its end and checks its tasks. @returns ms from trigger to end, by its own times. @throws when it is not right */
  ended: (graph: Graph, run: string) => Promise<number>
  /** What a task's first attempt printed, among Airflow's own lines. */
  log: (graph: Graph, run: string, task: string) => Promise<string>
  /** Bytes (PSS) and number of its processes now, without Postgres. */
  memory: () => Promise<{ bytes: number; processes: number }>
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

async function untilEnded(ask: Ask, graph: Graph, run: string): Promise<number> {
  for (;;) {
    const { state, queued_at, end_date } = (await ask(`/api/v2/dags/${graph.id}/dagRuns/${run}`)) as {
      state: string
      queued_at: string
      end_date: string | null
    }
    if (state === 'failed') throw new Error(`Airflow: run ${run} of ${graph.id} failed`)
    if (state === 'success') return Date.parse(end_date ?? '') - Date.parse(queued_at)
    // Seldom: each question takes time from what is measured, and the times are Airflow's own.
    await pause(1000)
  }
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

async function memoryOf(components: Component[]) {
  const pids = new Set<number>()
  for (const { pid } of components) for (const one of await descendants(pid)) pids.add(one)
  return { bytes: await proportionalMemory([...pids]), processes: pids.size }
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

/** Installs and starts it with these DAGs. @throws with the reason when that cannot be */
export async function startAirflow(
  server: EmbeddedPostgres,
  graphs: Graph[],
  settings: Record<string, string>,
): Promise<Airflow> {
  const bin = await installAirflow()
  await ensureDatabase(server, 'airflow')
  const { home, remove } = await makeHome(graphs)
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
      ended: async (graph, run) => {
        const ms = await untilEnded(ask, graph, run)
        checkOrder(graph, await instancesOf(ask, graph, run))
        return ms
      },
      log: (graph, run, task) => logOf(ask, graph, run, task),
      memory: () => memoryOf(components),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
