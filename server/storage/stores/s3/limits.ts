/** How bytes are cut for S3. */

export interface S3Limits {
  /** Bytes of the part of this number of an upload, from 0. What fits into the first one is sent in one request. */
  part: (number: number) => number
  /** Parts that S3 takes of one upload. */
  parts: number
  /** Parts of an upload that are under way at once: so many are held in memory, and the one that is being filled. */
  partsAtOnce: number
  /** Bytes that one request copies within the store. */
  copy: number
  /** Bytes that one request reads: so much is held for a reader, however slow. */
  window: number
  /** Keys of one page of a list. */
  page: number
  /** ms after which one that is written anew is written in the store anew, so that it counts as young. */
  fresh: number
}

const mebibyte = 2 ** 20

/**
 * Parts of 8 MiB, each thousand of them twice as long as the thousand before, up to 64 MiB: 490 GB in all, and not more
 * memory than an upload of that length needs.
 */
export const usualLimits: S3Limits = {
  part: (number) => 8 * mebibyte * 2 ** Math.min(3, Math.floor(number / 1000)),
  parts: 10_000,
  partsAtOnce: 2,
  copy: 1024 * mebibyte,
  window: 8 * mebibyte,
  page: 1000,
  fresh: 3_600_000,
}
