/** Addresses that are signed: a browser or a pod moves the bytes, and the store checks them. */
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { DagbokError } from '../../../domain/errors/errors.ts'
import type { BlobLinks, StoredBlob, UploadLink } from '../../artifact-store.ts'
import { Bucket, type BucketOptions } from './bucket.ts'
import { asidePath, blobPath } from './keys.ts'
import { look } from './upload.ts'

/** Bytes that S3 takes of one request. */
const longest = 5 * 2 ** 30

const seconds = (ms: number): number => Math.max(1, Math.floor(ms / 1000))

export class S3Links implements BlobLinks {
  readonly longestUpload = longest
  readonly forBrowsers: boolean
  readonly #bucket: Bucket
  /** Signs for the host that is asked. */
  readonly #signer: Bucket

  constructor(bucket: Bucket, options: BucketOptions) {
    const { endpoint, publicEndpoint } = options.address
    this.forBrowsers = endpoint === null || publicEndpoint !== null
    this.#bucket = bucket
    const address = { ...options.address, endpoint: publicEndpoint }
    this.#signer = publicEndpoint === null ? bucket : new Bucket({ ...options, address })
  }

  async download(hash: string, named: { name: string; mediaType: string }, ms: number): Promise<string> {
    const command = new GetObjectCommand({
      ...this.#bucket.where,
      Key: await this.#keyOf(hash),
      ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(named.name)}`,
      ResponseContentType: named.mediaType,
    })
    return this.#signed(getSignedUrl(this.#signer.client, command, { expiresIn: seconds(ms) }))
  }

  async #keyOf(hash: string): Promise<string> {
    for (const key of [blobPath(hash), asidePath(hash)].map((path) => this.#bucket.key(path)))
      if ((await this.#told(look(this.#bucket, key))) !== null) return key
    throw new DagbokError('not_found', 'There is no such blob.')
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
      getSignedUrl(this.#signer.client, command, {
        expiresIn: seconds(ms),
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
        signableHeaders: new Set(['host', 'content-length', 'x-amz-checksum-sha256']),
      }),
    )
    return { method: 'PUT', url, headers: { 'content-length': String(size), 'x-amz-checksum-sha256': sum } }
  }

  /** Signing asks nobody but for credentials. */
  #signed(url: Promise<string>): Promise<string> {
    return this.#told(this.#bucket.ask(() => url))
  }

  async #told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw this.#bucket.told(error)
    }
  }

  close(): void {
    this.#signer.close()
  }
}
