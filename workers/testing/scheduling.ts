/** Schedulers on a test's own database, runs of notebooks in a line each, and their ends, waited for by NOTIFY. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pino } from 'pino'
import { afterEach } from 'vitest'
import type { Database } from '#db/client.ts'
import { defaultQueue, registerWorker } from '#db/queries/worker.ts'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import { insertRepository } from '#db/queries/repository.ts'
import { ensureDag, insertVersion } from '#db/queries/version.ts'
import { postgresStore } from '#db/scheduling-store.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import type { Json } from '#server/domain/json.ts'
import { compile } from '#server/domain/notebook/compile.ts'
import type { RunTrigger } from '#server/domain/run/states.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { realEffects, type Effects } from '../scheduler/effects.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { ScriptedExecutor, type Behaviour } from './scripted-executor.ts'

export interface Dag {
  id: string
  dagId: string
  versionId: string
  /** Makes a run of it; gives its id. */
  run: (more?: {
    params?: Record<string, Json>
    logicalDate?: Date
    trigger?: RunTrigger
    schedule?: string
  }) => Promise<string>
}

/** Call it once at the top of a test file. */
export function scheduling() {
  const { database, url } = testDatabase()
  /** Texts by their name, in the place of hashes. */
  const texts = new Map<string, string>()
  const blobs = { read: (hash: string) => Promise.resolve(Readable.from([texts.get(hash) ?? ''])) }
  let schedulers: Scheduler[] = []
  afterEach(async () => {
    for (const scheduler of schedulers) await scheduler.stop()
    schedulers = []
  })

  async function work(behaviour: Behaviour, capacity = 8, more: Partial<Effects> = {}) {
    const id = randomUUID()
    await registerWorker(database(), { id, host: 'test', pid: 1, queues: [defaultQueue], slots: capacity })
    const scheduler = new Scheduler(postgresStore(database()), pino({ level: 'silent' }), id, blobs, {
      ...realEffects,
      ...more,
    })
    const executor = new ScriptedExecutor(capacity, behaviour)
    executor.connect(scheduler.sink, (token) => scheduler.released(token))
    await scheduler.start(executor)
    schedulers.push(scheduler)
    return { scheduler, executor }
  }

  /** A DAG of these tasks (YAML), in repository `r` of team `main`; with an id, another version of it. */
  const dag = (tasks: string, front = '', id?: string) => makeDag(database(), tasks, front, id)

  async function start(tasks: string, more: { front?: string; params?: Record<string, Json> } = {}) {
    const made = await dag(tasks, more.front)
    return made.run({ params: more.params ?? {} })
  }

  return {
    database,
    url,
    texts,
    work,
    dag,
    start,
    over: (runId: string) => over(database(), runId),
    states: (runId: string) => states(database(), runId),
    until: (runId: string, task: string, state: string) => until(database(), runId, task, state),
  }
}

async function makeDag(
  db: Database,
  tasks: string,
  front = '',
  id = `d${randomUUID().slice(0, 8)}`,
): Promise<Dag> {
  const text = `dagbok: 1\nid: ${id}\n${front}tasks:\n${tasks}\n`
  const { spec, faults } = compile({ path: 'd.dag.yaml', text, readFile: () => null })
  if (spec === null) throw new Error(JSON.stringify(faults))
  const { teamId } = await ensureFirstOwner(db, { team: 'main', user: 'Owner', email: 'o@x' })
  const repositoryId = await insertRepository(db, teamId, 'r')
  const dagId = await ensureDag(db, repositoryId, spec.id)
  const version = await insertVersion(db, {
    dagId,
    bundleHash: randomUUID(),
    bundle: [],
    path: 'd.dag.yaml',
    spec,
    commitSha: 'c',
    authorName: 'a',
    authorEmail: 'e',
    subject: 's',
    committedAt: new Date(),
  })
  const run: Dag['run'] = async (more = {}) => {
    const made = await db.transaction((tx) =>
      createRun(tx, {
        dagId,
        versionId: version.id,
        spec,
        trigger: more.trigger ?? 'manual',
        triggeredBy: null,
        params: more.params ?? {},
        logicalDate: more.logicalDate ?? null,
        schedule: more.schedule ?? null,
      }),
    )
    return made.id
  }
  return { id, dagId, versionId: version.id, run }
}

/** Asks until the answer is not null, each time that the run is heard of. */
async function heard<T>(db: Database, runId: string, ask: () => Promise<T | null>): Promise<T> {
  let wake: () => void = () => {}
  const subscription = await db.client.listen('dagbok_live', (topic) => topic === `run:${runId}` && wake())
  try {
    for (;;) {
      const next = new Promise<void>((done) => (wake = done))
      const answer = await ask()
      if (answer !== null) return answer
      await next
    }
  } finally {
    await subscription.unlisten()
  }
}

/** The run's end. */
const over = (db: Database, runId: string) =>
  heard(db, runId, async () => {
    const [row] = await db.client<
      { state: string; reason: string | null }[]
    >`select state, reason from run where id = ${runId} and ended_at is not null`
    return row === undefined ? null : { ...row }
  })

/** Resolves when a task run of this task is in this state; gives its id. */
const until = (db: Database, runId: string, task: string, state: string) =>
  heard(db, runId, async () => {
    const [row] = await db.client<
      { id: string }[]
    >`select id from task_run where run_id = ${runId} and task = ${task} and state::text = ${state}`
    return row?.id ?? null
  })

/** `{a: 'succeeded', 'm[k=1]': 'failed'}` */
async function states(db: Database, runId: string): Promise<Record<string, string>> {
  const rows = await db.client<
    { task: string; key: string | null; state: string }[]
  >`select task, key, state from task_run where run_id = ${runId} order by task, index`
  return Object.fromEntries(
    rows.map((row) => [row.key === null ? row.task : `${row.task}[${row.key}]`, row.state]),
  )
}
