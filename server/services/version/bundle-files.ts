import { bundleOfVersion } from '#db/queries/version.ts'
import type { BundleEntry } from '../../domain/version/bundle.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Quarantine } from '../../git/run-git.ts'
import { bytesOf } from '../../git/tree.ts'
import type { ServiceContext } from '../context.ts'

/** How many files, and how many bytes of them, are held in memory at once; a larger file is alone. */
const together = { files: 4096, bytes: 32 * 2 ** 20 }

export interface BundleFile {
  path: string
  /** As git has it: `100644`, `100755`, `120000`. */
  mode: string
  bytes: Uint8Array
}

function* batches(bundle: readonly BundleEntry[], sizeOf: (entry: BundleEntry) => number) {
  let [batch, bytes]: [BundleEntry[], number] = [[], 0]
  for (const entry of bundle) {
    const size = sizeOf(entry)
    if (batch.length > 0 && (batch.length >= together.files || bytes + size > together.bytes)) {
      yield batch
      ;[batch, bytes] = [[], 0]
    }
    batch.push(entry)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

/** Asks each repository for those of its blobs that are among these files, which are `own`'s where none is named. */
export async function byRepository<T>(
  bundle: readonly BundleEntry[],
  own: string,
  ask: (repositoryId: string, blobs: string[]) => Promise<ReadonlyMap<string, T>>,
): Promise<Map<string, T>> {
  const asked = new Map<string, string[]>()
  for (const { repository = own, blob } of bundle) {
    const blobs = asked.get(repository)
    if (blobs === undefined) asked.set(repository, [blob])
    else blobs.push(blob)
  }
  const out = new Map<string, T>()
  for (const [id, blobs] of asked) for (const [blob, answer] of await ask(id, blobs)) out.set(blob, answer)
  return out
}

/** @throws DagbokError `too_large` when these bytes are more than `most` */
export function refuseMore(bytes: number, most: number): void {
  if (bytes <= most) return
  const mb = Math.ceil(bytes / 2 ** 20)
  throw new DagbokError(
    'too_large',
    `the files beside it have ${mb} MB together, more than the ${most / 2 ** 20} MB that are laid out for a program: move it to a folder of its own`,
  )
}

/** The files of a version, from the commit that pins it. @throws DagbokError `not_found` */
export async function* bundleFiles(
  ctx: Pick<ServiceContext, 'db' | 'repositories'>,
  versionId: string,
): AsyncGenerator<BundleFile> {
  const found = await bundleOfVersion(ctx.db, versionId)
  if (found === null) throw new DagbokError('not_found', 'There is no such version.')
  yield* filesOf(ctx.repositories, found.repositoryId, found.bundle)
}

/**
 * The same of any list of files, each from the repository that has it; `quarantine` reads a push to `repositoryId` that is
 * not accepted yet.
 * @param most bytes of all together
 * @throws DagbokError `unavailable`; `too_large` before the first one
 */
export async function* filesOf(
  repositories: ServiceContext['repositories'],
  repositoryId: string,
  bundle: readonly BundleEntry[],
  quarantine: Quarantine | null = null,
  most = Infinity,
): AsyncGenerator<BundleFile> {
  const sizes = await byRepository(bundle, repositoryId, (id, blobs) =>
    repositories.blobSizes(id, blobs, id === repositoryId ? quarantine : null),
  )
  refuseMore(
    bundle.reduce((sum, { blob }) => sum + (sizes.get(blob) ?? 0), 0),
    most,
  )
  for (const some of batches(bundle, (entry) => sizes.get(entry.blob) ?? 0)) {
    const bytes = await byRepository(some, repositoryId, (id, blobs) =>
      repositories.blobs(id, blobs, id === repositoryId ? quarantine : null),
    )
    for (const entry of some) yield { path: entry.path, mode: entry.mode, bytes: bytesOf(bytes, entry) }
  }
}
