/** Copies within the store: no byte passes through here. What is longer than one request may copy goes in parts. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'

/** How much faster a store copies than a slow network brings bytes. */
export const faster = 100

export interface Copying {
  /** Keys, with the prefix. */
  from: string
  to: string
  /** Bytes. */
  size: number
  /** Only what was written before then; null: whenever. */
  before?: Date
}

const sourceOf = (bucket: Bucket, key: string): string =>
  `${bucket.address.bucket}/${key.split('/').map(encodeURIComponent).join('/')}`

/** ms that are spent on giving something up: what does not go is swept later. */
export const givingUpMs = 5000

/** Gives up what was begun. Never throws. @returns whether it is gone */
export function abortUpload(bucket: Bucket, Key: string, UploadId: string): Promise<boolean> {
  const command = new AbortMultipartUploadCommand({ ...bucket.where, Key, UploadId })
  const aborted = bucket.within(givingUpMs).ask((client, bound) => client.send(command, bound))
  return aborted.then(
    () => true,
    () => false,
  )
}

/** Bytes that `ask` gives as much time for as a copy of these may take. */
const asBytes = (size: number): number => size / faster

async function copyParts(bucket: Bucket, { from, to, size, before }: Copying, most: number): Promise<void> {
  const target = { ...bucket.where, Key: to }
  const { UploadId = '' } = await bucket.ask((client, bound) =>
    client.send(new CreateMultipartUploadCommand(target), bound),
  )
  try {
    const Parts: CompletedPart[] = []
    for (let start = 0; start < size; start += most) {
      const [end, PartNumber] = [Math.min(size, start + most), Parts.length + 1]
      const command = new UploadPartCopyCommand({
        ...target,
        UploadId,
        PartNumber,
        CopySource: sourceOf(bucket, from),
        CopySourceRange: `bytes=${start}-${end - 1}`,
        ...(before === undefined ? {} : { CopySourceIfUnmodifiedSince: before }),
      })
      const { CopyPartResult } = await bucket.ask(
        (client, bound) => client.send(command, bound),
        asBytes(end - start),
      )
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag })
    }
    await bucket.ask((client, bound) =>
      client.send(
        new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
        bound,
      ),
    )
  } catch (error) {
    await abortUpload(bucket, to, UploadId)
    throw error
  }
}

/** @throws S3Fault: status 412 when it was written since `before`, or missing */
export async function copyWithin(bucket: Bucket, copying: Copying, most: number): Promise<void> {
  const { from, to, size, before } = copying
  if (size > most) return copyParts(bucket, copying, most)
  const command = new CopyObjectCommand({
    ...bucket.where,
    Key: to,
    CopySource: sourceOf(bucket, from),
    ...(before === undefined ? {} : { CopySourceIfUnmodifiedSince: before }),
  })
  await bucket.ask((client, bound) => client.send(command, bound), asBytes(size))
}
