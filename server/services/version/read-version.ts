import {
  listVersionRows,
  refsOfVersions,
  bundleOfVersion,
  specOf,
  type VersionKey,
} from '#db/queries/version.ts'
import { versionRunCounts } from '#db/queries/version-view.ts'
import { imagesOfDag, type VersionImageRow } from '#db/queries/version-image.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { scheduleOf } from '../schedule/schedule-of.ts'
import { graphDiff } from '../../domain/version/graph-diff.ts'
import { withoutShas } from '../../domain/version/used-shas.ts'
import type { VersionImage, VersionSummary, FileDiff, VersionDiff } from '../../views/version.ts'
import type { ServiceContext } from '../context.ts'
import { byRepository } from './bundle-files.ts'

const imageView = ({ image, digest, seenAt, drift }: VersionImageRow): VersionImage => ({
  image,
  digest,
  seenAt: seenAt.toISOString(),
  drift: drift === null ? null : { digest: drift.digest, seenAt: drift.seenAt.toISOString() },
})

/** Newest first. */
export async function listVersions(ctx: ServiceContext, dag: DagRow): Promise<VersionSummary[]> {
  const rows = await listVersionRows(ctx.db, dag.id)
  const refs = await refsOfVersions(
    ctx.db,
    rows.map((row) => row.id),
  )
  const counts = new Map((await versionRunCounts(ctx.db, dag.id)).map((row) => [row.versionId, row]))
  const images = await imagesOfDag(ctx.db, dag.id)
  return rows.map((row) => {
    const last = counts.get(row.id)
    return {
      id: row.id,
      number: row.number,
      commit: row.commitSha,
      subject: row.subject,
      author: row.authorName,
      committedAt: row.committedAt.toISOString(),
      dag: { team: dag.team, repo: dag.repo, dag: dag.name },
      bundleHash: row.bundleHash,
      path: row.path,
      refs: refs.get(row.id) ?? [],
      tasks: row.tasks,
      runs: last?.runs ?? 0,
      lastRun:
        last === undefined ? null : { id: last.lastId, number: last.lastNumber, state: last.lastState },
      images: images.filter((one) => one.versionId === row.id).map(imageView),
      createdAt: row.createdAt.toISOString(),
    }
  })
}

/**
 * JSON Schema of a version's params, for the form; with `schedule`, its defaults are what that one gives (1 is the first).
 * @throws DagbokError `not_found`, `bad_input`
 */
export async function paramsOfVersion(
  ctx: ServiceContext,
  { id, number }: VersionKey,
  schedule: number | null,
): Promise<Record<string, Json>> {
  const spec = await specOf(ctx.db, id)
  if (spec === null) throw new DagbokError('not_found', 'There is no such version.')
  if (schedule === null) return paramsSchema(spec)
  const { entry } = scheduleOf(spec, number, schedule)
  return paramsSchema(spec, entry.params)
}

/** Bytes of a file that is shown as text; a larger one counts as binary. */
const widest = 512 * 1024

const asText = (bytes: Buffer | undefined): string | null => {
  if (bytes === undefined || bytes.length > widest || bytes.includes(0)) return null
  return bytes.toString('utf8')
}

const lineCount = (text: string | null) =>
  text === null || text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

/** Lines that are in one text and not in the other, counted as a multiset: an upper bound of what a line diff shows. */
function changedLines(before: string | null, after: string | null): { added: number; removed: number } {
  if (before === null || after === null) return { added: lineCount(after), removed: lineCount(before) }
  const left = new Map<string, number>()
  for (const line of before.split('\n')) left.set(line, (left.get(line) ?? 0) + 1)
  let added = 0
  for (const line of after.split('\n')) {
    const n = left.get(line) ?? 0
    if (n > 0) left.set(line, n - 1)
    else added++
  }
  return { added, removed: [...left.values()].reduce((sum, n) => sum + n, 0) }
}

/** Code and graph of `after` against `before`, both versions of one DAG. @throws DagbokError `not_found` */
export async function diffVersions(
  ctx: ServiceContext,
  dag: DagRow,
  beforeId: string,
  afterId: string,
): Promise<VersionDiff> {
  const versions = await listVersions(ctx, dag)
  const label = (id: string) => {
    const found = versions.find((one) => one.id === id)
    if (found === undefined) throw new DagbokError('not_found', `${dag.name} has no such version.`)
    return {
      id,
      number: found.number,
      commit: found.commit,
      subject: found.subject,
      author: found.author,
      committedAt: found.committedAt,
    }
  }
  const [before, after] = [label(beforeId), label(afterId)]
  const [a, b] = [await bundleOfVersion(ctx.db, beforeId), await bundleOfVersion(ctx.db, afterId)]
  const same = withoutShas(a?.bundle ?? [], b?.bundle ?? [])
  const old = new Map((a?.bundle ?? []).map((entry) => [same(entry.path), entry]))
  const now = new Map((b?.bundle ?? []).map((entry) => [same(entry.path), entry]))
  const paths = [...new Set([...old.keys(), ...now.keys()])]
    .filter(
      (path) => old.get(path)?.blob !== now.get(path)?.blob || old.get(path)?.mode !== now.get(path)?.mode,
    )
    .sort()
  const changed = paths.flatMap((path) =>
    [old.get(path), now.get(path)].filter((entry) => entry !== undefined),
  )
  const blobs = await byRepository(changed, dag.repositoryId, (id, some) =>
    ctx.repositories.blobs(id, some, null, widest),
  )
  const files = paths.map((path): FileDiff => {
    const [was, is] = [old.get(path), now.get(path)]
    const textOf = (entry: typeof was) => (entry === undefined ? null : asText(blobs.get(entry.blob)))
    const [beforeText, afterText] = [textOf(was), textOf(is)]
    const lines = changedLines(beforeText, afterText)
    return {
      path: (is ?? was)?.path ?? path,
      change: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed',
      before: beforeText,
      after: afterText,
      addedLines: lines.added,
      removedLines: lines.removed,
    }
  })
  const [beforeSpec, afterSpec] = [await specOf(ctx.db, beforeId), await specOf(ctx.db, afterId)]
  const tasks = beforeSpec === null || afterSpec === null ? [] : graphDiff(beforeSpec, afterSpec)
  return { before, after, files, graph: { tasks } }
}
