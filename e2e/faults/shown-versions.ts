/** Versions that were shown, as they are read at a moment: whatever is killed, they stay as they were (R11). */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { findDagRow } from '#db/queries/dag-view.ts'
import { bundleList, type BundleEntry } from '#server/domain/version/bundle.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { bundleFiles } from '#server/services/version/bundle-files.ts'
import { resolveVersion } from '#server/services/version/resolve-version.ts'

/** What a version is called and what a task gets of it, as read now. */
export interface Shown {
  id: string
  number: number
  sha: string
  /** Of its list, as it is kept and as its list gives it. */
  hashes: string[]
  /** SHA-256 over the paths, modes and bytes of its files, as they are read from git. */
  files: string
}

/** The version of DAG `a` that a commit holds. @throws Error when there is none any more */
export async function look(ctx: ServiceContext, teamId: string, sha: string): Promise<Shown> {
  const dag = await findDagRow(ctx.db, teamId, 'trials', 'a')
  if (dag === null) throw new Error('the DAG is gone')
  const { id, number } = await resolveVersion(ctx, dag, sha)
  expect(await resolveVersion(ctx, dag, `v${number}`)).toEqual({ id, number })
  const [row] = await ctx.db.client<{ hash: string; path: string; bundle: BundleEntry[] }[]>`
    select bundle_hash as hash, path, bundle from version where id = ${id}`
  const list = bundleList(row?.path ?? '', row?.bundle ?? [])
  const files = createHash('sha256')
  for await (const { path, mode, bytes } of bundleFiles(ctx, id))
    files.update(`${mode} ${path} ${bytes.byteLength}\0`).update(bytes)
  const hashes = [row?.hash ?? '', createHash('sha256').update(list).digest('hex')]
  return { id, number, sha, hashes, files: files.digest('hex') }
}
