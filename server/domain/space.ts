/** Whether there is room for new work: the disks that it would fill, and how much of each must be free. Pure. */
import { sizeWords } from './words.ts'

/** A disk that the product writes to, as it was measured. */
export interface Disk {
  /** What lies on it, in words that an operator knows. */
  place: string
  /** Bytes that the product may still write. */
  free: number
}

/** A disk on which less is free than must be. */
export interface FullDisk extends Disk {
  /** Bytes from which on new work starts. */
  least: number
}

/** The disk with the least room among those that have too little; null: new work may start. */
export function fullDisk(disks: readonly Disk[], least: number): FullDisk | null {
  const [fullest] = disks.toSorted((a, b) => a.free - b.free)
  return fullest === undefined || fullest.free >= least ? null : { ...fullest, least }
}

/** What is full, how much is free, what to do. */
export const whyFull = ({ place, free, least }: FullDisk): string =>
  `The disk of ${place} is full: ${sizeWords(free)} are free, and new work starts from ${sizeWords(least)} on. Make room there, and it goes on by itself.`
