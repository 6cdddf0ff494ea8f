/**
 * The embedded Postgres under the supervisor: started again when it dies, at the same address, until it dies too often. One
 * whose disk is full is tried for as long as that lasts (R15).
 */
import { startEmbeddedPostgres, type EmbeddedOptions } from '#db/embedded/postgres.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { freeBytes } from '#server/storage/disks.ts'
import { Falls, restartDelay, tooMany } from './falls.ts'

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Bytes: with fewer, two segments of its log, Postgres may fall for want of room. */
const leastRoom = 32 * 2 ** 20

/** ms between two starts while its disk is full. */
const fullMs = 1000

export interface KeptPostgres {
  /** `postgres://…` of the database `name`; it stays the same over restarts. */
  url: (name: string) => string
  stop: () => Promise<void>
}

/**
 * Resolves when it answers for the first time. `gaveUp` is called once: it fell five times within a minute.
 * @throws DagbokError `unavailable`, `unsupported` when it does not start
 */
export async function keepPostgres(
  options: EmbeddedOptions,
  gaveUp: (error: DagbokError) => void,
): Promise<KeptPostgres> {
  let server = await startEmbeddedPostgres(options)
  let stopping = false
  const falls = new Falls()

  /** ms until it is started again; null: it has fallen too often. */
  const delay = async (first: boolean): Promise<number | null> => {
    if (((await freeBytes(options.folder)) ?? Infinity) < leastRoom) {
      if (first)
        console.error('dagbok: Postgres ended, and its disk is full; it comes back when there is room there')
      return fullMs
    }
    const fallen = falls.note()
    if (fallen >= tooMany) return null
    console.error('dagbok: Postgres ended by itself; starting it again')
    return restartDelay(fallen)
  }

  const keep = async () => {
    for (;;) {
      await server.exited
      if (stopping) return
      for (let up = false, first = true; !up; first = false) {
        const ms = await delay(first)
        if (ms === null)
          return gaveUp(
            new DagbokError(
              'unavailable',
              `Postgres ended ${tooMany} times; its log is ${options.folder}/postgres.log. Start again when its cause is mended: nothing that was acknowledged is lost.`,
            ),
          )
        await pause(ms)
        if (stopping) return
        up = await startEmbeddedPostgres(options).then(
          (started) => {
            server = started
            return true
          },
          () => false,
        )
      }
      // The stop came while it was starting.
      if (stopping) await server.stop()
    }
  }
  const kept = keep()
  return {
    url: (name) => server.url(name),
    stop: async () => {
      stopping = true
      await server.stop()
      await kept
    },
  }
}
