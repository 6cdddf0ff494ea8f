/** Addresses that are signed: a browser or a pod moves the bytes, and the store checks them. */
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { DagbokError } from '../../../domain/errors/errors.ts'
import type { BlobLinks, StoredBlob, UploadLink } from '../../artifact-store.ts'
import type { Bucket } from './bucket.ts'
import { blobPath } from './keys.ts'

/** Bytes that S3 takes of one request. */
const longest = 5 * 2 ** 30

const seconds = (ms: number): number => Math.max(1, Math.floor(ms / 1000))

export class S3Links implements BlobLinks {
  readonly longestUpload = longest
  readonly #bucket: Bucket

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  async download(hash: string, named: { name: string; mediaType: string }, ms: number): Promise<string> {
    const command = new GetObjectCommand({
      ...this.#bucket.where,
      Key: this.#bucket.key(blobPath(hash)),
      ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(named.name)}`,
      ResponseContentType: named.mediaType,
    })
    return this.#signed(getSignedUrl(this.#bucket.client, command, { expiresIn: seconds(ms) }))
  }

  async upload({ hash, size }: StoredBlob, ms: number): Promise<UploadLink> {
    if (size > longest)
      throw new DagbokError('too_large', `One upload brings ${longest} bytes at most, and this has ${size}.`)
    const sum = Buffer.from(hash, 'hex').toString('base64')
    const command = new PutObjectCommand({
      ...this.#bucket.where,
      Key: this.#bucket.key(blobPath(hash)),
      ContentLength: size,
      ChecksumSHA256: sum,
    })
    // As headers that are signed they bind whoever sends: in the query the store would not look at them.
    const url = await this.#signed(
      getSignedUrl(this.#bucket.client, command, {
        expiresIn: seconds(ms),
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
        signableHeaders: new Set(['host', 'content-length', 'x-amz-checksum-sha256']),
      }),
    )
    return { method: 'PUT', url, headers: { 'content-length': String(size), 'x-amz-checksum-sha256': sum } }
  }

  /** Signing asks nobody but for credentials. */
  async #signed(url: Promise<string>): Promise<string> {
    try {
      return await this.#bucket.ask(() => url)
    } catch (error) {
      throw this.#bucket.told(error)
    }
  }
}
