/** What lies in the store, page by page; and what goes, in batches. */
import {
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type _Object,
} from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { abortUpload } from './copying.ts'
import { S3Fault } from './faults.ts'

/** Keys that S3 takes of one request. */
const batch = 1000

export interface Listed {
  /** With the prefix of the store. */
  key: string
  /** Bytes. */
  size: number
  /** ms since 1970. */
  writtenAt: number
}

const listed = ({ Key = '', Size = 0, LastModified }: _Object): Listed => ({
  key: Key,
  size: Size,
  writtenAt: LastModified?.getTime() ?? Date.now(),
})

/** What lies below a path, in ascending order of keys. @param page keys of one request */
export async function* pages(bucket: Bucket, path: string, page = batch): AsyncGenerator<Listed[]> {
  for (let token: string | undefined; ;) {
    const command = new ListObjectsV2Command({
      ...bucket.where,
      Prefix: bucket.key(path),
      MaxKeys: page,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    const found = await bucket.ask((client, bound) => client.send(command, bound))
    if (found.Contents !== undefined) yield found.Contents.map(listed)
    if (found.IsTruncated !== true) return
    token = found.NextContinuationToken
  }
}

/** Asks for one key: whether the bucket is there, and lets us in. @throws S3Fault */
export async function knock(bucket: Bucket): Promise<void> {
  const command = new ListObjectsV2Command({ ...bucket.where, Prefix: bucket.key(''), MaxKeys: 1 })
  await bucket.ask((client, bound) => client.send(command, bound))
}

/** One that is not there is no fault. @throws S3Fault when the store keeps one of them */
export async function deleteKeys(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += batch) {
    const Objects = keys.slice(at, at + batch).map((Key) => ({ Key }))
    const command = new DeleteObjectsCommand({ ...bucket.where, Delete: { Objects, Quiet: true } })
    const { Errors = [] } = await bucket.ask((client, bound) => client.send(command, bound))
    const kept = Errors.find(({ Code }) => Code !== 'NoSuchKey')
    if (kept !== undefined) throw new S3Fault(kept.Code ?? 'InternalError', 403, false)
  }
}

interface Unfinished {
  key: string
  uploadId: string
  begunAt: number
}

/** Uploads in parts below a path that nobody has ended. */
async function* unfinished(bucket: Bucket, path: string): AsyncGenerator<Unfinished> {
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {}
  for (;;) {
    const command = new ListMultipartUploadsCommand({ ...bucket.where, Prefix: bucket.key(path), ...from })
    const found = await bucket.ask((client, bound) => client.send(command, bound))
    for (const { Key: key = '', UploadId: uploadId = '', Initiated } of found.Uploads ?? [])
      yield { key, uploadId, begunAt: Initiated?.getTime() ?? Date.now() }
    if (found.IsTruncated !== true) return
    from = {
      ...(found.NextKeyMarker === undefined ? {} : { KeyMarker: found.NextKeyMarker }),
      ...(found.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: found.NextUploadIdMarker }),
    }
  }
}

/**
 * Forgets what was begun before then: uploads in parts, below one path; and below the other those whose parts were brought
 * together, and that were not copied to their place. @returns how many are gone
 */
export async function sweepBelow(
  bucket: Bucket,
  below: { uploads: string; objects: string },
  before: number,
): Promise<number> {
  let gone = 0
  for await (const { key, uploadId, begunAt } of unfinished(bucket, below.uploads))
    if (begunAt < before && (await abortUpload(bucket, key, uploadId))) gone++
  for await (const found of pages(bucket, below.objects)) {
    const old = found.filter(({ writtenAt }) => writtenAt < before).map(({ key }) => key)
    await deleteKeys(bucket, old)
    gone += old.length
  }
  return gone
}
