/** The embedded Postgres under the supervisor: started again when it dies, at the same address, until it dies too often. */
import { startEmbeddedPostgres, type EmbeddedOptions } from '#db/embedded/postgres.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { Falls, restartDelay, tooMany } from './falls.ts'

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

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

  const keep = async () => {
    for (;;) {
      await server.exited
      if (stopping) return
      for (let up = false; !up;) {
        const fallen = falls.note()
        if (fallen >= tooMany)
          return gaveUp(
            new DagbokError(
              'unavailable',
              `Postgres ended ${fallen} times; its log is ${options.folder}/postgres.log. Start again when its cause is mended: nothing that was acknowledged is lost.`,
            ),
          )
        console.error('dagbok: Postgres ended by itself; starting it again')
        await pause(restartDelay(fallen))
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
