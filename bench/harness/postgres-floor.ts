/** The bare Postgres of the product: the floor of a cold start, and what the calibration runs on. */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#db/embedded/postgres.ts'
import { atExit, endNow } from './ending.ts'
import { calibrate, type Calibration } from './calibration.ts'

const shared = process.getuid?.() === 0 ? '/var/lib/dagbok' : null

/** A Postgres as the product starts it, with the same durability, in a folder that is gone afterwards. */
export async function withPostgres<T>(work: (server: EmbeddedPostgres) => Promise<T>): Promise<T> {
  if (shared !== null) await mkdir(shared, { recursive: true, mode: 0o711 })
  const folder = await mkdtemp(join(shared ?? tmpdir(), 'bench-'))
  try {
    const server = await startEmbeddedPostgres({ folder, sharedBinaries: shared })
    const forget = atExit(() => {
      endNow(server.pid, 'SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    })
    try {
      return await work(server)
    } finally {
      await server.stop()
      forget()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** ms of `initdb` and a start until it answers. */
export async function startEmbeddedFloor(): Promise<number> {
  const start = performance.now()
  return withPostgres(() => Promise.resolve(performance.now() - start))
}

/** The calibration line, on a Postgres of its own. */
export const calibrateEmbedded = (): Promise<Calibration> =>
  withPostgres((server) => calibrate(server.url('postgres')))
