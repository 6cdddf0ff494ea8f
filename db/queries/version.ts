/** DAGs, versions and what each ref's tip says of them. Numbers are given out under the DAG's row lock. */
import { and, desc, eq, inArray, notInArray, sql } from 'drizzle-orm'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { Fault } from '#server/domain/notebook/fault.ts'
import type { BundleEntry } from '#server/domain/version/bundle.ts'
import type { Queryable } from '../client.ts'
import { dag, dagRef, gitRef, version, versionCommit } from '../schema/index.ts'

export interface NewVersion {
  dagId: string
  bundleHash: string
  bundle: BundleEntry[]
  path: string
  spec: Spec
  commitSha: string
  authorName: string
  authorEmail: string
  subject: string
  committedAt: Date
}

export async function knownRefs(q: Queryable, repositoryId: string): Promise<Map<string, string>> {
  const rows = await q
    .select({ name: gitRef.name, sha: gitRef.sha })
    .from(gitRef)
    .where(eq(gitRef.repositoryId, repositoryId))
  return new Map(rows.map((row) => [row.name, row.sha]))
}

/** Refs of which a fault of the machine was told (`passing`), and which were looked at so many seconds ago or before. */
export async function passingRefs(q: Queryable, repositoryId: string, seconds: number): Promise<string[]> {
  const rows = await q
    .selectDistinct({ name: gitRef.name })
    .from(gitRef)
    .innerJoin(dagRef, and(eq(dagRef.repositoryId, gitRef.repositoryId), eq(dagRef.ref, gitRef.name)))
    .where(
      and(
        eq(gitRef.repositoryId, repositoryId),
        sql`${dagRef.faults} @> '[{"passing": true}]'`,
        sql`${gitRef.seenAt} <= now() - make_interval(secs => ${seconds})`,
      ),
    )
  return rows.map((row) => row.name)
}

export async function saveRef(q: Queryable, repositoryId: string, name: string, sha: string): Promise<void> {
  await q
    .insert(gitRef)
    .values({ repositoryId, name, sha })
    .onConflictDoUpdate({ target: [gitRef.repositoryId, gitRef.name], set: { sha, seenAt: sql`now()` } })
}

export async function forgetRef(q: Queryable, repositoryId: string, name: string): Promise<void> {
  await q.delete(gitRef).where(and(eq(gitRef.repositoryId, repositoryId), eq(gitRef.name, name)))
  await q.delete(dagRef).where(and(eq(dagRef.repositoryId, repositoryId), eq(dagRef.ref, name)))
}

export async function findDag(q: Queryable, repositoryId: string, name: string): Promise<string | null> {
  const [row] = await q
    .select({ id: dag.id })
    .from(dag)
    .where(and(eq(dag.repositoryId, repositoryId), eq(dag.name, name)))
  return row?.id ?? null
}

export async function ensureDag(q: Queryable, repositoryId: string, name: string): Promise<string> {
  await q.insert(dag).values({ repositoryId, name }).onConflictDoNothing()
  const found = await findDag(q, repositoryId, name)
  if (found === null) throw new Error('the DAG was deleted while it was made')
  return found
}

export interface VersionKey {
  id: string
  number: number
}

export async function findVersionByBundle(
  q: Queryable,
  dagId: string,
  bundleHash: string,
): Promise<VersionKey | null> {
  const [row] = await q
    .select({ id: version.id, number: version.number })
    .from(version)
    .where(and(eq(version.dagId, dagId), eq(version.bundleHash, bundleHash)))
  return row ?? null
}

/** Inserts the version with the DAG's next number, or gives the one that has this bundle. */
export async function insertVersion(
  q: Queryable,
  given: NewVersion,
): Promise<VersionKey & { made: boolean }> {
  await q.select({ id: dag.id }).from(dag).where(eq(dag.id, given.dagId)).for('update')
  const known = await findVersionByBundle(q, given.dagId, given.bundleHash)
  if (known !== null) return { ...known, made: false }
  const [next] = await q
    .update(dag)
    .set({ nextNumber: sql`${dag.nextNumber} + 1` })
    .where(eq(dag.id, given.dagId))
    .returning({ number: sql<number>`${dag.nextNumber} - 1` })
  if (next === undefined) throw new Error('the DAG was deleted while a version was made')
  const [row] = await q
    .insert(version)
    .values({ ...given, number: next.number })
    .returning({ id: version.id })
  if (row === undefined) throw new Error('an insert gave no row')
  return { id: row.id, number: next.number, made: true }
}

export async function saveVersionCommit(q: Queryable, versionId: string, sha: string): Promise<void> {
  await q.insert(versionCommit).values({ versionId, sha }).onConflictDoNothing()
}

export interface DagAtRef {
  path: string
  dagId: string | null
  dag: string | null
  versionId: string | null
  number: number | null
  faults: Fault[]
}

export async function dagsAtRef(q: Queryable, repositoryId: string, ref: string): Promise<DagAtRef[]> {
  return q
    .select({
      path: dagRef.path,
      dagId: dagRef.dagId,
      dag: dag.name,
      versionId: dagRef.versionId,
      number: version.number,
      faults: dagRef.faults,
    })
    .from(dagRef)
    .leftJoin(dag, eq(dag.id, dagRef.dagId))
    .leftJoin(version, eq(version.id, dagRef.versionId))
    .where(and(eq(dagRef.repositoryId, repositoryId), eq(dagRef.ref, ref)))
}

/** Replaces what a ref's tip says. */
export async function saveDagsAtRef(
  q: Queryable,
  repositoryId: string,
  ref: string,
  sha: string,
  dags: { path: string; dagId: string | null; versionId: string | null; faults: Fault[] }[],
): Promise<void> {
  const paths = dags.map((one) => one.path)
  const here = and(eq(dagRef.repositoryId, repositoryId), eq(dagRef.ref, ref))
  await q.delete(dagRef).where(paths.length === 0 ? here : and(here, notInArray(dagRef.path, paths)))
  for (const one of dags)
    await q
      .insert(dagRef)
      .values({ repositoryId, ref, sha, ...one })
      .onConflictDoUpdate({
        target: [dagRef.repositoryId, dagRef.ref, dagRef.path],
        set: { sha, dagId: one.dagId, versionId: one.versionId, faults: one.faults },
      })
}

export async function versionByNumber(
  q: Queryable,
  dagId: string,
  number: number,
): Promise<VersionKey | null> {
  const [row] = await q
    .select({ id: version.id, number: version.number })
    .from(version)
    .where(and(eq(version.dagId, dagId), eq(version.number, number)))
  return row ?? null
}

export async function versionAtCommit(q: Queryable, dagId: string, sha: string): Promise<VersionKey | null> {
  const [row] = await q
    .select({ id: version.id, number: version.number })
    .from(version)
    .innerJoin(versionCommit, eq(versionCommit.versionId, version.id))
    .where(and(eq(version.dagId, dagId), eq(versionCommit.sha, sha)))
  return row ?? null
}

export async function specOf(q: Queryable, versionId: string): Promise<Spec | null> {
  const [row] = await q.select({ spec: version.spec }).from(version).where(eq(version.id, versionId))
  return row?.spec ?? null
}

/** Newest first, without specs and bundles. */
export async function listVersionRows(q: Queryable, dagId: string) {
  const { id, number, bundleHash, path, commitSha, authorName, subject, committedAt, createdAt } = version
  return q
    .select({
      id,
      number,
      bundleHash,
      path,
      commitSha,
      authorName,
      subject,
      committedAt,
      createdAt,
      tasks: sql<number>`jsonb_array_length(${version.spec}->'tasks')::int`,
    })
    .from(version)
    .where(eq(version.dagId, dagId))
    .orderBy(desc(version.number))
}

/** Short ref names whose tip is each of these versions. */
export async function refsOfVersions(
  q: Queryable,
  versionIds: readonly string[],
): Promise<Map<string, string[]>> {
  const out = new Map<string, string[]>()
  if (versionIds.length === 0) return out
  const rows = await q
    .select({ ref: dagRef.ref, versionId: dagRef.versionId })
    .from(dagRef)
    .where(inArray(dagRef.versionId, [...versionIds]))
  for (const row of rows)
    if (row.versionId !== null) out.set(row.versionId, [...(out.get(row.versionId) ?? []), row.ref])
  return out
}

/** The files of a version, and the repository that has their bytes. */
export async function bundleOfVersion(
  q: Queryable,
  versionId: string,
): Promise<{ repositoryId: string; bundle: BundleEntry[] } | null> {
  const [row] = await q
    .select({ repositoryId: dag.repositoryId, bundle: version.bundle })
    .from(version)
    .innerJoin(dag, eq(dag.id, version.dagId))
    .where(eq(version.id, versionId))
  return row ?? null
}
