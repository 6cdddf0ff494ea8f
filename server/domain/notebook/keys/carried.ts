/** What of the format this build can carry out: a key that needs more is checked, and then refused. */
import type { Key } from './key.ts'

export interface Carried {
  /** Whether there is an executor that runs tasks as pods. */
  kubernetes: boolean
}

/** This line switches tasks as pods on: their keys, `executor: kubernetes`, and an image alone. */
export const carriedHere: Carried = { kubernetes: false }

export const isCarried = ({ needs }: Key, carried: Carried): boolean =>
  needs === null || (needs === 'kubernetes' && carried.kubernetes)
