/**
 * Bytes on their way out, a window of each blob at a time: no reader holds a connection, however slow it is, and what is cut
 * off goes on where it was.
 */
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { DagbokError } from '../../../domain/errors/errors.ts'
import type { ByteRange } from '../../artifact-store.ts'
import type { Bound, Bucket } from './bucket.ts'
import { S3Fault } from './faults.ts'
import { asidePath, blobPath } from './keys.ts'

interface Window {
  bytes: Buffer
  /** Bytes of the whole blob. */
  size: number
}

const nothing = Buffer.alloc(0)

/** Bytes of a body, up to where it was torn, or where nothing came any more. */
async function arrived(body: Readable, wanted: number, { abortSignal, alive }: Bound): Promise<Buffer> {
  const chunks: Buffer[] = []
  let got = 0
  const end = () => body.destroy(new Error('it was given up'))
  abortSignal.addEventListener('abort', end)
  try {
    if (abortSignal.aborted) end()
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      got += chunk.byteLength
      alive()
      // One that does not know ranges sends all of it.
      if (got > wanted) break
    }
  } catch (error) {
    // With nothing of it the request has failed; what came is good for what it is.
    if (got === 0) throw error
  } finally {
    abortSignal.removeEventListener('abort', end)
  }
  return Buffer.concat(chunks).subarray(0, wanted)
}

/** Bytes of the whole, from `bytes 0-99/1234`. */
const wholeOf = (contentRange = ''): number | null => {
  const size = /\/(\d+)$/.exec(contentRange)?.[1]
  return size === undefined ? null : Number(size)
}

/** One request for some of the bytes, or what came of them. @throws S3Fault */
async function fetchOnce(bucket: Bucket, Key: string, { start, end }: ByteRange): Promise<Window> {
  const command = new GetObjectCommand({ ...bucket.where, Key, Range: `bytes=${start}-${end - 1}` })
  try {
    return await bucket.ask(async (client, bound) => {
      const { Body, ContentRange, ContentLength = 0 } = await client.send(command, bound)
      const body = Body as Readable
      const size = wholeOf(ContentRange)
      // Who answers with all of it, as one without ranges does, would be read from its beginning.
      if (size === null && start > 0) {
        body.destroy()
        throw new S3Fault('RangesUnknown', null, false)
      }
      const bytes = await arrived(body, end - start, bound)
      if (bytes.length === 0) throw new Error('nothing of it arrived')
      return { bytes, size: size ?? ContentLength }
    })
  } catch (error) {
    // It ends before that.
    if (error instanceof S3Fault && error.status === 416) return { bytes: nothing, size: start }
    throw error
  }
}

/** A blob is read where it is: also from aside, where it may be on its way to. @throws DagbokError `not_found`; S3Fault */
async function fetchWindow(bucket: Bucket, hash: string, range: ByteRange): Promise<Window> {
  for (const path of [blobPath(hash), asidePath(hash), blobPath(hash)])
    try {
      return await fetchOnce(bucket, bucket.key(path), range)
    } catch (error) {
      if (!(error instanceof S3Fault && error.missing)) throw error
    }
  throw new DagbokError('not_found', 'There is no such blob.')
}

interface Wanted extends ByteRange {
  hash: string
  /** Whether that is all of the blob. */
  isWhole: boolean
  /** Bytes of the blob. */
  size: number
}

/** What is wanted, window by window. @throws S3Fault when these are not its bytes */
async function* windowsOf(
  bucket: Bucket,
  { hash, start, end, isWhole, size }: Wanted,
  first: Window,
  window: number,
): AsyncGenerator<Buffer> {
  const sum = createHash('sha256')
  let [at, next] = [start, first]
  for (;;) {
    if (next.bytes.length > 0) {
      if (isWhole) sum.update(next.bytes)
      at += next.bytes.length
      yield next.bytes
    }
    if (at >= end) break
    next = await fetchWindow(bucket, hash, { start: at, end: Math.min(at + window, end) })
    if (next.bytes.length === 0 || next.size !== size) throw new S3Fault('OtherBytes', null, false)
  }
  if (isWhole && sum.digest('hex') !== hash) throw new S3Fault('OtherBytes', null, false)
}

/** Its faults as users are told of them. */
async function* told(bucket: Bucket, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* bytes
  } catch (error) {
    throw bucket.told(error)
  }
}

/**
 * The first window is there when it resolves. The stream fails with `unavailable` when the rest cannot be had, or the blob was
 * asked for whole and these are not its bytes.
 * @throws DagbokError `not_found`; S3Fault
 */
export async function download(
  bucket: Bucket,
  hash: string,
  range: ByteRange | undefined,
  window: number,
): Promise<Readable> {
  const { start, end } = { start: range?.start ?? 0, end: range?.end ?? Infinity }
  if (start >= end) {
    await fetchWindow(bucket, hash, { start: 0, end: 1 })
    return Readable.from([])
  }
  const first = await fetchWindow(bucket, hash, { start, end: Math.min(start + window, end) })
  const { size } = first
  const until = Math.min(end, size)
  const wanted = { hash, start, end: until, isWhole: start === 0 && until === size, size }
  return Readable.from(told(bucket, windowsOf(bucket, wanted, first, window)), { objectMode: false })
}
