/** Logs and outputs as bytes. Whether they may be read is decided before. */
import { Readable } from 'node:stream'
import { logChunks } from '#db/queries/log.ts'
import { attemptsOf, taskRunsOf } from '#db/queries/run-view.ts'
import { DagbokError } from '../domain/errors/errors.ts'
import { requireOutput } from '../services/comparison/output-diff.ts'
import type { ServiceContext } from '../services/context.ts'
import type { BlobLinks } from '../storage/artifact-store.ts'
import { readBytes } from '../storage/logs/log-reader.ts'
import { blobResponse } from './blob-response.ts'

/** ms that an address at the store is good for: whoever loses access keeps it for no longer (S9). */
const directMs = 60_000

/** @param direct what may be had from the store itself when the request asks for it: `?direct=1`; null: nothing */
export async function outputResponse(
  services: ServiceContext,
  request: Request,
  attemptId: string,
  name: string,
  direct: BlobLinks | null = null,
): Promise<Response> {
  const { path, hash, size, mediaType } = await requireOutput(services, attemptId, name)
  const named = { name: path.split('/').at(-1) ?? name, mediaType }
  if (direct?.forBrowsers === true && new URL(request.url).searchParams.get('direct') === '1') {
    const location = await direct.download(hash, named, directMs)
    return new Response(null, { status: 307, headers: { location, 'cache-control': 'no-store' } })
  }
  return blobResponse(request, {
    ...named,
    size,
    etag: hash,
    read: (range) => services.artifacts.read(hash, range),
  })
}

/** Once the first part is there: what cannot be read is said, and not cut off behind a 200. */
async function begun(parts: AsyncGenerator<Buffer>): Promise<Readable> {
  const first = await parts.next()
  const all = async function* () {
    if (first.done !== true) yield first.value
    yield* parts
  }
  return Readable.from(all())
}

export async function logResponse(
  services: ServiceContext,
  request: Request,
  attemptId: string,
): Promise<Response> {
  const chunks = await logChunks(services.db, attemptId)
  const last = chunks.at(-1)
  return blobResponse(request, {
    size: last === undefined ? 0 : last.byteOffset + last.bytes,
    mediaType: 'text/plain',
    name: 'log.txt',
    etag: null,
    read: ({ start, end }) => begun(readBytes(services.artifacts, chunks, start, end)),
  })
}

/** The attempt of a task (of the item `key`): number `n`, or the newest. @throws DagbokError `not_found` */
export async function findAttempt(
  services: ServiceContext,
  runId: string,
  task: string,
  key: string | null,
  n: number | null,
): Promise<string> {
  const rows = await taskRunsOf(services.db, [runId])
  const row = rows.find((one) => one.task === task && one.key === key)
  const expanded = rows.some((one) => one.task === task && one.key !== null)
  if (row === undefined)
    throw new DagbokError(
      'not_found',
      expanded ? `${task} is expanded: name one of its items with ?key=.` : `The run has no task '${task}'.`,
    )
  const attempts = (await attemptsOf(services.db, [runId])).filter((one) => one.taskRunId === row.id)
  const found = n === null ? attempts.at(-1) : attempts.find((one) => one.n === n)
  if (found === undefined)
    throw new DagbokError(
      'not_found',
      n === null ? `${task} has not started.` : `${task} has no attempt ${n}.`,
    )
  return found.id
}
