/** What the rules of the suite have in common: notebooks that are pushed, runs that are waited for, rows of attempts. */
import { randomInt, randomUUID } from 'node:crypto'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Database } from '#db/client.ts'
import type { NewRun } from '#db/queries/run.ts'
import { specOf, versionByNumber } from '#db/queries/version.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { asProcess, type Manner } from './manner.ts'
import type { Workshop } from '../../testing/workshop.ts'

export interface Subject {
  /** Its name in a notebook. */
  executor: string
  database: () => Database
  shop: () => Workshop
  /** An image that there is, for a task that names one; executors without pods only say that they do without. */
  image?: string
  /** What its tasks have besides, of the defaults of a notebook in YAML. */
  defaults?: string
  /** What tasks wait for; without it a file that tasks of this machine see. */
  barrier?: () => Promise<Barrier>
  /** Without it as a process of this machine. */
  manner?: Manner
}

/** `wait` is bash that goes on once `open` was called. */
export interface Barrier {
  wait: string
  open: () => Promise<void>
}

export const fence = '```'
export const cell = (yaml: string, lang: string, script: string): string =>
  `${fence}yaml task\n${yaml}\n${fence}\n${fence}${lang} script\n${script}\n${fence}\n`

export interface AttemptRow {
  task: string
  n: number
  executor: string
  state: string
  reason: string | null
  message: string | null
  exitCode: number | null
  signal: string | null
  started: boolean
  userFailures: number
  infrastructureFailures: number
  taskState: string
}

export class Trial {
  readonly #subject: Subject

  constructor(subject: Subject) {
    this.#subject = subject
  }

  get image(): string {
    return this.#subject.image ?? 'python:3.12-slim'
  }

  async barrier(): Promise<Barrier> {
    if (this.#subject.barrier !== undefined) return this.#subject.barrier()
    const { folder } = this.shop.hosted
    const file = join(folder, `go-${randomUUID()}`)
    await chmod(folder, 0o711)
    return {
      wait: `while [ ! -e ${file} ]; do sleep 0.02; done`,
      open: () => writeFile(file, ''),
    }
  }

  get manner(): Manner {
    return this.#subject.manner ?? asProcess
  }

  /** A container has a pipe for each stream: lines of one are in order, and each is told when it was read. */
  get oneStream(): boolean {
    return this.executor !== 'kubernetes'
  }

  get shop(): Workshop {
    return this.#subject.shop()
  }

  get db(): Database {
    return this.#subject.database()
  }

  get executor(): string {
    return this.#subject.executor
  }

  /** A notebook whose tasks go to the executor under test. */
  notebook(id: string, cells: string[], front = ''): string {
    return `---\ndagbok: 1\nid: ${id}\n${front}defaults: {executor: ${this.executor}${this.#subject.defaults ?? ''}}\n---\n\n${cells.join('\n')}`
  }

  /** Pushes one notebook with its files, those with `#!` as executables, and a run of it. */
  async push(id: string, cells: string[], files: Record<string, string> = {}) {
    const tree = await this.shop.hosted.work(`r-${id}`, {
      [`d/${id}.dag.md`]: this.notebook(id, cells),
      ...files,
    })
    for (const [path, text] of Object.entries(files))
      if (text.startsWith('#!')) await chmod(join(tree.path, path), 0o755)
    await tree.commit('First')
    await tree.git('push', '-q', '-o', 'run', this.shop.hosted.remote(`r-${id}`), 'main')
    return tree
  }

  /** The same, to its end. */
  async run(
    id: string,
    cells: string[],
    files: Record<string, string> = {},
  ): Promise<{ id: string; state: string }> {
    await this.push(id, cells, files)
    return this.shop.ended(id, 1)
  }

  /** A run of a version, made as a trigger makes it; to its end. */
  async runOf(
    dag: string,
    number: number,
    more: Partial<NewRun> = {},
  ): Promise<{ id: string; state: string }> {
    const [row] = await this.db.client<{ id: string }[]>`select id from dag where name = ${dag}`
    const version = await versionByNumber(this.db, row?.id ?? '', number)
    const spec = await specOf(this.db, version?.id ?? '')
    if (spec === null || version === null || row === undefined) throw new Error(`no version ${number}`)
    const made = { dagId: row.id, versionId: version.id, spec, triggeredBy: null, params: {} }
    await this.db.transaction((tx) =>
      createRun(tx, { trigger: 'manual', usual: this.shop.hosted.ctx.deployment, ...made, ...more }),
    )
    return this.shop.ended(dag, number)
  }

  /** Resolves when the first attempt of a DAG has written to its log. */
  async spoken(dag: string): Promise<{ attempt: string; token: string; run: string }> {
    return this.shop.until(async () => {
      const [row] = await this.db.client<{ attempt: string; token: string; run: string }[]>`
        select a.id as attempt, a.token, a.run_id as run from attempt a
        join run r on r.id = a.run_id join dag d on d.id = r.dag_id join log_chunk l on l.attempt_id = a.id
        where d.name = ${dag} limit 1`
      return row ?? null
    })
  }

  /** Every attempt of a run, by task and number. */
  async attempts(runId: string): Promise<AttemptRow[]> {
    const rows = await this.db.client<AttemptRow[]>`
      select t.task, a.n, a.executor, a.state, a.reason, a.message, a.exit_code as "exitCode", a.signal,
        a.started_at is not null as started, t.user_failures as "userFailures",
        t.infrastructure_failures as "infrastructureFailures", t.state as "taskState"
      from attempt a join task_run t on t.id = a.task_run_id where a.run_id = ${runId} order by t.task, t.index, a.n`
    for (const row of rows) expect(row.executor).toBe(this.executor)
    return [...rows]
  }
}

/** Suites that run at once on a machine look for processes of their own. */
const mine = randomInt(1_000_000)

/** Seconds to sleep, as no other suite sleeps them. */
export const nap = (seconds: number): string => `${seconds}.${mine}`
/** The command line of one of these. */
export const napping = (...seconds: number[]): RegExp =>
  new RegExp(`sleep\\0(${seconds.map((n) => `${n}\\.${mine}`).join('|')})\\0`)

/** Command lines of this machine's processes that match. */
export async function commandsLike(pattern: RegExp): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')),
  )
  return lines.filter((line) => pattern.test(line))
}

/** A process that is none of ours tells nobody when it ends: it is looked for until it is gone. */
export async function goneFrom(pattern: RegExp, but = 0): Promise<void> {
  while ((await commandsLike(pattern)).length > but) await new Promise((done) => setTimeout(done, 20))
}
