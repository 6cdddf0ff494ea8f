/** For tests: DAGs at the tips of default branches, without git, and runs as a scheduler sees them. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pino } from 'pino'
import type { Database, Queryable } from '#db/client.ts'
import { defaultQueue, registerWorker } from '#db/queries/worker.ts'
import { insertRepository, setDefaultBranch } from '#db/queries/repository.ts'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import { ensureDag, insertVersion, saveDagsAtRef, dagsAtRef } from '#db/queries/version.ts'
import { postgresStore, sessionOf } from '#db/scheduling-store.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import { compile } from '#server/domain/notebook/compile.ts'
import type { Actor } from '#server/services/actor.ts'
import { takeOverSchedules } from '#server/services/schedule/take-over.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { ScriptedExecutor, succeeds, type Behaviour } from './scripted-executor.ts'

export interface Tip {
  dagId: string
  versionId: string
  spec: Spec
}

/** One task `say`, and this front matter. */
export const oneTask = (id: string, front = '', tasks = '  - {id: say, command: [say]}'): string =>
  `dagbok: 1\nid: ${id}\n${front}tasks:\n${tasks}\n`

export async function owner(db: Database): Promise<Actor> {
  const { userId, teamId } = await ensureFirstOwner(db, {
    team: 'main',
    user: 'Ines',
    email: 'ines@example.org',
  })
  return {
    userId,
    name: 'Ines',
    email: 'ines@example.org',
    teams: [{ id: teamId, name: 'main', role: 'owner' }],
    via: 'token',
  }
}

/** Puts a DAG (YAML) at the tip of a repository's `main`, as a push does; `text` null takes it away. @param now as of when */
export async function putAtTip(
  db: Database,
  repo: string,
  name: string,
  text: string | null,
  now: Date | null = null,
): Promise<Tip> {
  const actor = await owner(db)
  const repositoryId = await insertRepository(db, actor.teams[0]?.id ?? '', repo)
  return db.transaction(async (tx) => {
    await setDefaultBranch(tx, repositoryId, 'main')
    const ref = 'refs/heads/main'
    const path = `${name}.dag.yaml`
    const others = (await dagsAtRef(tx, repositoryId, ref)).filter((one) => one.path !== path)
    const dagId = await ensureDag(tx, repositoryId, name)
    const { spec, faults } = compile({ path, text: text ?? oneTask(name), readFile: () => null })
    if (spec === null) throw new Error(JSON.stringify(faults))
    const { id: versionId } = await insertVersion(tx, {
      dagId,
      bundleHash: randomUUID(),
      bundle: [],
      path,
      spec,
      commitSha: 'c',
      authorName: 'a',
      authorEmail: 'e',
      subject: 's',
      committedAt: new Date(),
    })
    const mine = { path, dagId, versionId, faults: [] }
    await saveDagsAtRef(tx, repositoryId, ref, 'c', text === null ? others : [...others, mine])
    await takeOverSchedules(sessionOf(tx), repositoryId, now)
    return { dagId, versionId, spec }
  })
}

/** A real scheduler with an executor that only pretends. */
export async function startScheduler(
  db: Database,
  behaviour: Behaviour = () => succeeds(),
): Promise<{ scheduler: Scheduler; executor: ScriptedExecutor }> {
  const id = randomUUID()
  await registerWorker(db, { id, host: 'test', pid: 1, queues: [defaultQueue] })
  const blobs = { read: () => Promise.resolve(Readable.from([])) }
  const scheduler = new Scheduler(postgresStore(db), pino({ level: 'silent' }), id, blobs)
  const executor = new ScriptedExecutor(16, behaviour)
  executor.connect(scheduler.sink, (token) => scheduler.released(token))
  await scheduler.start(executor)
  return { scheduler, executor }
}

/** Does it in a transaction whose connection is cut before the commit, as a kill does. @throws when it was committed all the same */
export async function killBeforeCommit(
  db: Database,
  work: (tx: Queryable) => Promise<unknown>,
): Promise<void> {
  const ended = await db
    .transaction(async (tx) => {
      await work(tx)
      const { rows } = await tx.execute<{ pid: number }>('select pg_backend_pid() as pid')
      await db.client`select pg_terminate_backend(${rows[0]?.pid ?? 0}, 5000)`
    })
    .then(
      () => 'committed',
      () => 'cut',
    )
  if (ended === 'committed') throw new Error('the transaction outlived its connection')
}

/** Waits, by NOTIFY, until `look` gives something. */
export async function until<T>(db: Database, look: () => Promise<T | null | undefined | false>): Promise<T> {
  let heard: () => void = () => {}
  const subscription = await db.client.listen('dagbok_live', () => heard())
  try {
    for (;;) {
      const next = new Promise<void>((done) => (heard = done))
      const found = await look()
      if (found !== null && found !== undefined && found !== false) return found
      await next
    }
  } finally {
    await subscription.unlisten()
  }
}
