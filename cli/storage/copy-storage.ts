/** Composition root of `dagbok storage copy`: two stores, which this machine must reach by itself. */
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { stat } from 'node:fs/promises'
import { processSettings } from '#server/config/environment.ts'
import { storeMs } from '#server/config/patience.ts'
import { bucketKeys, parseBucketAddress, type StorePlace } from '#server/config/store.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { copyBlobs, type Copied } from '#server/storage/copy-blobs.ts'
import { openStore } from '#server/storage/open-store.ts'

/** @throws DagbokError `bad_input` */
function placeOf(option: string, text: string): StorePlace {
  if (!text.includes('://')) return { kind: 'folder', folder: resolve(text) }
  const address = parseBucketAddress(text)
  if (typeof address === 'string') throw new DagbokError('bad_input', `${option} ${address}.`)
  return { kind: 's3', address, keys: bucketKeys(processSettings()) }
}

/** A folder that is none would be a store with nothing in it, and nothing would be said. */
async function requireStore(place: StorePlace): Promise<void> {
  if (place.kind !== 'folder') return
  const found = await stat(join(place.folder, 'blobs')).catch(() => null)
  if (found?.isDirectory() === true) return
  throw new DagbokError(
    'bad_input',
    `${place.folder} is no artifact store: it has no folder \`blobs\`. That of a data folder is its folder \`artifacts\`.`,
  )
}

export interface CopyReport extends Copied {
  /** As they are named to people. */
  from: string
  to: string
}

/**
 * Copies what is not there.
 * @param given folders, or `s3://…` addresses
 * @throws DagbokError `bad_input`; `unavailable` when a store is away, or does not let us in
 */
export async function copyStorage(
  given: { from: string; to: string },
  tell: (done: Readonly<Copied>) => void,
): Promise<CopyReport> {
  const places = { from: placeOf('--from', given.from), to: placeOf('--to', given.to) }
  await requireStore(places.from)
  // Nobody else has this name: what an end in the midst leaves is forgotten by the collector.
  const writer = `copy ${hostname()}:${process.pid}`
  const [from, to] = [
    await openStore(places.from, writer, storeMs),
    await openStore(places.to, writer, storeMs),
  ]
  try {
    if (from.name === to.name && places.from.kind === 'folder')
      throw new DagbokError('bad_input', '--from and --to are the same store.')
    return { from: from.name, to: to.name, ...(await copyBlobs(from.artifacts, to.artifacts, tell)) }
  } finally {
    from.close()
    to.close()
  }
}
