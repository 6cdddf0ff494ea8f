/**
 * Makes the database say what the refs say: version rows, numbers, pins, and what each tip holds. The refs are the truth;
 * running it again changes nothing. What follows from a push is done here, in the same transaction, once (R10).
 */
import type { Queryable } from '#db/client.ts'
import { failpoint } from '../../config/failpoint.ts'
import { announce } from '#db/queries/live.ts'
import { lockRepository, setDefaultBranch, type RepositoryRow } from '#db/queries/repository.ts'
import {
  dagsAtRef,
  ensureDag,
  findDag,
  findVersionByBundle,
  forgetRef,
  insertVersion,
  knownRefs,
  passingRefs,
  saveDagsAtRef,
  saveRef,
  saveVersionCommit,
  specOf,
  type DagAtRef,
} from '#db/queries/version.ts'
import { commitOf } from '../../domain/notebook/compile/uses.ts'
import type { SnapshotDag } from '../../domain/version/snapshot.ts'
import type { ServiceContext } from '../context.ts'
import { keptTexts, NotRunYet, runPrograms } from '../program/printed-texts.ts'
import { finishPushes } from '../push/finish-pushes.ts'
import type { DagChange } from '../push/report.ts'
import { sessionOf } from '#db/scheduling-store.ts'
import { takeOverSchedules } from '../schedule/take-over.ts'
import { readSnapshot } from './read-snapshot.ts'

/** Seconds after which a notebook that the machine could not compile is tried again: one that never can costs time each time. */
const againAfter = 600

export interface VersionWork {
  ctx: ServiceContext
  tx: Queryable
  repository: RepositoryRow
  /** What those who watch are told of. */
  topics: string[]
}

interface Work extends VersionWork {
  changes: DagChange[]
}

/** Keeps the commits that its components of other repositories come from, each in its own. */
async function pinUsed(ctx: ServiceContext, { bundle }: SnapshotDag): Promise<void> {
  const used = new Map(
    bundle.flatMap(({ path, repository }): [string, { repository: string; sha: string }][] => {
      const commit = commitOf(path)
      if (commit === null || repository === undefined) return []
      return [[`${repository} ${commit.sha}`, { repository, sha: commit.sha }]]
    }),
  )
  for (const { repository, sha } of used.values()) await ctx.repositories.pin(repository, sha)
}

/** The version of a DAG as a commit holds it, made if there is none. @param ref by which the commit was found */
export async function versionOf(work: VersionWork, ref: string, sha: string, dag: SnapshotDag) {
  const { ctx, tx, repository, topics } = work
  if (dag.spec === null || dag.id === null)
    return {
      dagId: dag.id === null ? null : await findDag(tx, repository.id, dag.id),
      versionId: null,
      number: null,
    }
  const dagId = await ensureDag(tx, repository.id, dag.id)
  const known = await findVersionByBundle(tx, dagId, dag.hash)
  if (known !== null) {
    await saveVersionCommit(tx, known.id, sha)
    return { dagId, versionId: known.id, number: known.number }
  }
  // The pin is there before the row that promises it: a version once shown never disappears (R11).
  await ctx.repositories.pin(repository.id, sha)
  await pinUsed(ctx, dag)
  await failpoint('push.pin.after-effect-before-record', ref)
  const { authorName, authorEmail, subject, committedAt } = await ctx.repositories.commit(repository.id, sha)
  const made = await insertVersion(tx, {
    dagId,
    bundleHash: dag.hash,
    bundle: dag.bundle,
    path: dag.path,
    spec: dag.spec,
    commitSha: sha,
    authorName,
    authorEmail,
    subject,
    committedAt,
  })
  await saveVersionCommit(tx, made.id, sha)
  topics.push(`versions:${dagId}`, `dag:${dagId}`)
  return { dagId, versionId: made.id, number: made.number }
}

async function changeOf(
  { tx }: Work,
  ref: string,
  dag: SnapshotDag,
  now: { dagId: string | null; versionId: string | null; number: number | null },
  before: DagAtRef | undefined,
): Promise<DagChange | null> {
  if (now.versionId === null || now.dagId === null || now.number === null || dag.spec === null) return null
  if (before?.versionId === now.versionId) return null
  const was = before?.versionId == null ? null : await specOf(tx, before.versionId)
  return {
    ref,
    dagId: now.dagId,
    dag: dag.spec.id,
    versionId: now.versionId,
    number: now.number,
    before: before?.number ?? null,
    beforeSpec: was,
    spec: dag.spec,
  }
}

/** What stood where a ref points, before; a new one is told against the default branch. */
async function dagsBefore({ tx, repository }: Work, ref: string, isNew: boolean): Promise<DagAtRef[]> {
  const { id, defaultBranch } = repository
  return dagsAtRef(tx, id, isNew && defaultBranch !== null ? `refs/heads/${defaultBranch}` : ref)
}

async function reconcileRef(work: Work, ref: string, sha: string, isNew: boolean): Promise<void> {
  const { ctx, tx, repository } = work
  const before = await dagsBefore(work, ref, isNew)
  // By this connection: to wait for another one while this one is held ends in a deadlock.
  const entries = await ctx.repositories.tree(repository.id, sha)
  const dags = await readSnapshot(ctx, repository.id, entries, {
    q: tx,
    printed: (_, source) => keptTexts(tx, source),
  })
  const rows = []
  for (const dag of dags) {
    const now = await versionOf(work, ref, sha, dag)
    const same = before.find((row) => row.dagId !== null && row.dagId === now.dagId)
    const change = await changeOf(work, ref, dag, now, same)
    if (change !== null) work.changes.push(change)
    rows.push({ path: dag.path, dagId: now.dagId, versionId: now.versionId, faults: dag.faults })
    if (now.dagId !== null) work.topics.push(`dag:${now.dagId}`)
  }
  for (const gone of before) if (gone.dagId !== null) work.topics.push(`dag:${gone.dagId}`)
  await saveDagsAtRef(tx, repository.id, ref, sha, rows)
  await saveRef(tx, repository.id, ref, sha)
}

async function chooseDefaultBranch(
  { tx, repository }: Work,
  refs: ReadonlyMap<string, string>,
): Promise<void> {
  if (repository.defaultBranch !== null) return
  const branches = [...refs.keys()]
    .filter((ref) => ref.startsWith('refs/heads/'))
    .map((ref) => ref.slice('refs/heads/'.length))
  const chosen = branches.includes('main') ? 'main' : branches[0]
  if (chosen === undefined) return
  await setDefaultBranch(tx, repository.id, chosen)
  repository.defaultBranch = chosen
}

/** Does it, and again after each program that it needed and nobody had run: nobody waits for one while the repository is locked. */
export async function afterPrograms<T>(ctx: ServiceContext, once: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await once()
    } catch (error) {
      if (!(error instanceof NotRunYet)) throw error
      await runPrograms(ctx, error.source, false)
    }
  }
}

/** Brings one repository's rows up to its refs. @returns what changed, for whoever waits */
export const reconcile = (ctx: ServiceContext, repositoryId: string): Promise<DagChange[]> =>
  afterPrograms(ctx, () => reconcileOnce(ctx, repositoryId))

async function reconcileOnce(ctx: ServiceContext, repositoryId: string): Promise<DagChange[]> {
  const changes = await ctx.db.transaction(async (tx) => {
    const repository = await lockRepository(tx, repositoryId)
    if (repository === null) return []
    const work: Work = { ctx, tx, repository, changes: [], topics: [] }
    const refs = await ctx.repositories.refs(repositoryId)
    const known = await knownRefs(tx, repositoryId)
    await chooseDefaultBranch(work, refs)
    const again = new Set(await passingRefs(tx, repositoryId, againAfter))
    for (const [ref, sha] of refs)
      if (known.get(ref) !== sha || again.has(ref)) await reconcileRef(work, ref, sha, !known.has(ref))
    for (const ref of known.keys()) {
      if (refs.has(ref)) continue
      for (const gone of await dagsAtRef(tx, repositoryId, ref))
        if (gone.dagId !== null) work.topics.push(`dag:${gone.dagId}`)
      await forgetRef(tx, repositoryId, ref)
    }
    await takeOverSchedules(sessionOf(tx), repositoryId)
    await finishPushes(tx, ctx, repository, refs, work.changes)
    if (work.topics.length > 0) await announce(tx, [...work.topics, `repository:${repositoryId}`])
    await failpoint('push.reconcile.after-effect-before-record', work.changes[0]?.ref)
    return work.changes
  })
  await failpoint('push.reconcile.after-record', changes[0]?.ref)
  return changes
}
