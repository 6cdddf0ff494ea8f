/**
 * Bytes on their way into the store. What fits into one request goes straight to its hash; what is longer has no hash before
 * its end: it goes aside in parts, and is copied to its hash by the store when it is whole. Each request carries the SHA-256
 * of its bytes, and the store refuses others.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { createHash, randomUUID } from 'node:crypto'
import { DagbokError } from '../../../domain/errors/errors.ts'
import type { StoredBlob } from '../../artifact-store.ts'
import type { SourcePart } from '../../parts.ts'
import { unlessMissing, type Bucket } from './bucket.ts'
import { abortUpload, copyWithin, faster, givingUpMs } from './copying.ts'
import { S3Fault } from './faults.ts'
import { blobPath } from './keys.ts'
import type { S3Limits } from './limits.ts'
import { deleteKeys, knock, sweepBelow } from './listing.ts'

const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64')

export interface Found {
  /** Bytes. */
  size: number
  /** ms since 1970. */
  writtenAt: number
}

/** What lies under a key; null when nothing does. */
export async function look(bucket: Bucket, key: string): Promise<Found | null> {
  try {
    return await head(bucket, key)
  } catch (error) {
    // An answer to HEAD has no words: why it was refused, and what the time is there, is said to others.
    if (!(error instanceof S3Fault) || error.passing || error.status === null) throw error
    await knock(bucket)
    return head(bucket, key)
  }
}

async function head(bucket: Bucket, Key: string): Promise<Found | null> {
  const asked = bucket.ask((client, bound) =>
    client.send(new HeadObjectCommand({ ...bucket.where, Key }), bound),
  )
  const found = await unlessMissing(asked, null)
  return found === null
    ? null
    : { size: found.ContentLength ?? 0, writtenAt: found.LastModified?.getTime() ?? 0 }
}

export class Uploader {
  readonly #bucket: Bucket
  readonly #limits: S3Limits
  /** Folder of what it writes in parts. */
  readonly #incoming: string
  /** Whether the store knows writes on a condition. */
  #conditional = true

  constructor(bucket: Bucket, limits: S3Limits, incoming: string) {
    this.#bucket = bucket
    this.#limits = limits
    this.#incoming = incoming
  }

  /** What is there, whole, and young enough not to be collected while somebody comes to point to it. */
  async #isFresh(hash: string, size: number): Promise<boolean> {
    const found = await look(this.#bucket, this.#bucket.key(blobPath(hash)))
    return found?.size === size && found.writtenAt > Date.now() - this.#limits.fresh
  }

  async #write(key: string, bytes: Uint8Array, ifNew: boolean): Promise<void> {
    const command = new PutObjectCommand({
      ...this.#bucket.where,
      Key: key,
      Body: bytes,
      ContentLength: bytes.byteLength,
      ContentType: 'application/octet-stream',
      ChecksumSHA256: sumOf(bytes),
      ...(ifNew ? { IfNoneMatch: '*' } : {}),
    })
    await this.#bucket.ask((client, bound) => client.send(command, bound), bytes.byteLength)
  }

  /** @throws S3Fault */
  async whole(bytes: Uint8Array): Promise<StoredBlob> {
    const hash = createHash('sha256').update(bytes).digest('hex')
    const key = this.#bucket.key(blobPath(hash))
    const size = bytes.byteLength
    try {
      await this.#write(key, bytes, this.#conditional)
    } catch (error) {
      if (!(error instanceof S3Fault) || ![412, 501].includes(error.status ?? 0)) throw error
      if (error.status === 501) this.#conditional = false
      // Somebody had written it, or this one had and did not hear so.
      if (error.status === 501 || !(await this.#isFresh(hash, size))) await this.#write(key, bytes, false)
    }
    return { hash, size }
  }

  /**
   * @param first part of it, which was taken already
   * @throws S3Fault; DagbokError `too_large`; what the source throws
   */
  async inParts(first: SourcePart, rest: AsyncIterable<SourcePart>): Promise<StoredBlob> {
    const path = `${this.#incoming}${randomUUID()}`
    const key = this.#bucket.key(path)
    const target = { ...this.#bucket.where, Key: key }
    const created = new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: 'SHA256' })
    let tries = 0
    const { UploadId = '' } = await this.#bucket.ask((client, bound) => {
      tries++
      return client.send(created, bound)
    })
    let isWhole = false
    try {
      const { blob, parts } = await this.#parts(key, UploadId, first, rest)
      isWhole = true
      await this.#complete(key, UploadId, parts, blob.size)
      await this.#settle(key, blob)
      return blob
    } catch (error) {
      await abortUpload(this.#bucket, key, UploadId)
      throw error
    } finally {
      // One that was begun in vain may be there besides, for the answer was lost.
      if (tries > 1) await this.#forget(sweepBelow(this.#hurried, { uploads: path, objects: path }, Infinity))
      else if (isWhole) await this.#forget(deleteKeys(this.#hurried, [key]))
    }
  }

  /** For what is only cleared away. */
  get #hurried(): Bucket {
    return this.#bucket.within(givingUpMs)
  }

  /** What does not go is swept later. */
  async #forget(work: Promise<unknown>): Promise<void> {
    await work.catch(() => {})
  }

  async #parts(key: string, UploadId: string, first: SourcePart, rest: AsyncIterable<SourcePart>) {
    const hash = createHash('sha256')
    const parts: CompletedPart[] = []
    const underWay: Promise<void>[] = []
    let [size, number] = [0, 0]
    const take = async ({ bytes }: SourcePart) => {
      if (number >= this.#limits.parts)
        throw new DagbokError('too_large', `The artifact store takes ${size} bytes of one file at most.`)
      hash.update(bytes)
      size += bytes.byteLength
      const at = number++
      const sent = this.#part(key, UploadId, at + 1, bytes).then((part) => void (parts[at] = part))
      // Its fault is heard when its turn comes.
      sent.catch(() => {})
      underWay.push(sent)
      if (underWay.length >= this.#limits.partsAtOnce) await underWay.shift()
    }
    try {
      await take(first)
      for await (const part of rest) await take(part)
      for (const sent of underWay) await sent
    } catch (error) {
      // None may arrive after the upload was given up.
      await Promise.allSettled(underWay)
      throw error
    }
    return { blob: { hash: hash.digest('hex'), size }, parts }
  }

  async #part(Key: string, UploadId: string, PartNumber: number, bytes: Buffer): Promise<CompletedPart> {
    const ChecksumSHA256 = sumOf(bytes)
    const part = { ...this.#bucket.where, Key, UploadId, PartNumber, ChecksumSHA256 }
    const command = new UploadPartCommand({ ...part, Body: bytes, ContentLength: bytes.byteLength })
    const { ETag } = await this.#bucket.ask((client, bound) => client.send(command, bound), bytes.byteLength)
    return { PartNumber, ETag, ChecksumSHA256 }
  }

  async #complete(Key: string, UploadId: string, Parts: CompletedPart[], size: number): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#bucket.where,
      Key,
      UploadId,
      MultipartUpload: { Parts },
    })
    try {
      await this.#bucket.ask((client, bound) => client.send(command, bound), size / faster)
    } catch (error) {
      // It was completed, and the answer was lost.
      if (!(error instanceof S3Fault) || error.code !== 'NoSuchUpload') throw error
      if ((await look(this.#bucket, Key))?.size !== size) throw error
    }
  }

  /** The last step: from here on it is there. */
  async #settle(from: string, { hash, size }: StoredBlob): Promise<void> {
    if (await this.#isFresh(hash, size)) return
    const to = this.#bucket.key(blobPath(hash))
    await copyWithin(this.#bucket, { from, to, size }, this.#limits.copy)
    if ((await look(this.#bucket, to))?.size !== size) throw new S3Fault('CopyIncomplete', null, false)
  }
}
