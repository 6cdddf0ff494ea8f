/** The disks that the product writes to, measured when it is asked. */
import { statfs } from 'node:fs/promises'
import { fullDisk, type Disk, type FullDisk } from '../domain/space.ts'

export interface DiskPlace {
  /** What lies there, as `Disk.place`. */
  place: string
  folder: string
}

/** ms after which a disk that does not answer counts as one that nobody knows (R7). */
const patience = 2000

/** Of folders that were asked and have not answered: each question that hangs takes a thread from the whole process. */
const pending = new Map<string, Promise<number | null>>()

type Ask = (folder: string) => Promise<{ bavail: number; bsize: number }>

function freeOf(folder: string, ask: Ask): Promise<number | null> {
  const under = pending.get(folder)
  if (under !== undefined) return under
  const asked = ask(folder)
    .then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    )
    .finally(() => pending.delete(folder))
  pending.set(folder, asked)
  return asked
}

/** Bytes that may still be written there by a user without privileges; null when nobody can say. */
export async function freeBytes(folder: string, ask: Ask = statfs): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((done) => (timer = setTimeout(() => done(null), patience)))
  return Promise.race([freeOf(folder, ask), late]).finally(() => clearTimeout(timer))
}

export class Disks {
  readonly #places: readonly DiskPlace[]
  /** Bytes of each that must be free for new work. */
  readonly least: number

  constructor(places: readonly DiskPlace[], least: number) {
    this.#places = places
    this.least = least
  }

  /** One that cannot be measured is left out: it is no reason to refuse work. */
  async measure(): Promise<Disk[]> {
    const disks = await Promise.all(
      this.#places.map(async ({ place, folder }) => ({ place, free: await freeBytes(folder) })),
    )
    return disks.flatMap(({ place, free }) => (free === null ? [] : [{ place, free }]))
  }

  /** The disk that refuses new work; null: it may start. */
  async full(): Promise<FullDisk | null> {
    return fullDisk(await this.measure(), this.least)
  }
}

/** Of a worker of the pool that works in these folders. */
export const workerDisks = (given: { folder: string; runtimeFolder: string; leastFree: number }): Disks =>
  new Disks(
    [
      { place: 'the worker’s folder', folder: given.folder },
      { place: 'the worker’s runtime folder', folder: given.runtimeFolder },
    ],
    given.leastFree,
  )

/** Of a product that was started on these folders. */
export const productDisks = (given: {
  dataFolder: string
  runtimeFolder: string
  leastFree: number
}): Disks =>
  new Disks(
    [
      { place: 'the data folder', folder: given.dataFolder },
      { place: 'the runtime folder', folder: given.runtimeFolder },
    ],
    given.leastFree,
  )
