/** The files of a version, fetched whole before they are laid out: one that was cut off is fetched again. */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { BundleFile } from '#server/services/version/bundle-files.ts'
import type { ReadBundle } from '../process/checkouts.ts'
import type { DeskClient } from './desk-client.ts'

/** @param folder where archives lie until they are laid out */
export const remoteFiles = (
  client: DeskClient,
  folder: string,
  signalOf: (token: string) => AbortSignal,
): ReadBundle =>
  async function* read(_versionId, token) {
    const path = join(folder, `${randomUUID()}.tar`)
    const signal = signalOf(token)
    try {
      await client.again(() => fetchTo(path, client, token, signal), signal)
      yield* entriesOf(path)
    } finally {
      await rm(path, { force: true })
    }
  }

async function fetchTo(path: string, client: DeskClient, token: string, signal: AbortSignal): Promise<void> {
  const response = await client.send('attempt/files', {
    method: 'GET',
    attempt: token,
    signal,
    patience: 600_000,
  })
  if (response.body === null) throw new DagbokError('unavailable', 'The files of the version did not come.')
  try {
    await pipeline(Readable.from(response.body), createWriteStream(path, { mode: 0o600 }))
  } catch (cause) {
    signal.throwIfAborted()
    throw new DagbokError('unavailable', 'The files of the version did not come to their end.', { cause })
  }
}

async function* entriesOf(path: string): AsyncGenerator<BundleFile> {
  const archive = extract()
  const unpacked = pipeline(createReadStream(path), archive)
  unpacked.catch(() => {})
  for await (const entry of archive) {
    const { name, type, linkname, mode } = entry.header
    const link = type === 'symlink'
    const bytes = link ? Buffer.from(linkname ?? '') : await buffer(entry)
    entry.resume()
    yield { path: name, mode: link ? '120000' : mode & 0o100 ? '100755' : '100644', bytes }
  }
  await unpacked
}
