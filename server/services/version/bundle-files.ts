import { bundleOfVersion } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { ServiceContext } from '../context.ts'

/** How many files are held in memory at once. */
const together = 64

export interface BundleFile {
  path: string
  /** As git has it: `100644`, `100755`, `120000`. */
  mode: string
  bytes: Uint8Array
}

/** The files of a version, from the commit that pins it. @throws DagbokError `not_found` */
export async function* bundleFiles(
  ctx: Pick<ServiceContext, 'db' | 'repositories'>,
  versionId: string,
): AsyncGenerator<BundleFile> {
  const found = await bundleOfVersion(ctx.db, versionId)
  if (found === null) throw new DagbokError('not_found', 'There is no such version.')
  const { repositoryId, bundle } = found
  for (let at = 0; at < bundle.length; at += together) {
    const some = bundle.slice(at, at + together)
    const bytes = await ctx.repositories.blobs(
      repositoryId,
      some.map((entry) => entry.blob),
    )
    for (const { path, mode, blob } of some) {
      const content = bytes.get(blob)
      if (content === undefined)
        throw new DagbokError('unavailable', `The repository has lost the bytes of ${path}.`)
      yield { path, mode, bytes: content }
    }
  }
}
