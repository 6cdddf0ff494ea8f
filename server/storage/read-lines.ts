/** Lines of a stored text. */
import { createInterface } from 'node:readline'
import type { ArtifactStore } from './artifact-store.ts'

export type BlobSource = Pick<ArtifactStore, 'read'>

/** The first `most` lines of a blob, without their ends; an empty last line is none. @throws DagbokError `not_found` */
export async function readLines(blobs: BlobSource, hash: string, most: number): Promise<string[]> {
  const input = await blobs.read(hash)
  const lines: string[] = []
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      lines.push(line)
      if (lines.length >= most) break
    }
  } finally {
    input.destroy()
  }
  return lines
}
