/** Workers of the pool for a site: each comes by a wire of its own to the desk of one of its schedulers. */
import { rm } from 'node:fs/promises'
import { openDataFolder } from '#cli/start/data-folder.ts'
import type { AddressInfo } from 'node:net'
import { deskSocket } from '#server/config/desk.ts'
import { listenForWeb, tokenOfMain } from '#workers/testing/pool-crew.ts'
import { Closers } from './closers.ts'
import { farQueue } from './fleet-dag.ts'
import type { Site } from './fleet-site.ts'
import { FleetMember } from './fleet.ts'
import { Wire } from './wire.ts'

export interface Far {
  workers: FleetMember[]
  /** That of each, in the same order. */
  wires: Wire[]
  close: () => Promise<void>
}

interface One {
  token: string
  /** Its data folder, gone with it. */
  folder: string
  /** Runtime folder of the scheduler whose desk it comes to. */
  runtime: string
  env: Record<string, string>
  closers: Closers
}

/** One that has not begun. */
export async function hireOne({ token, folder, runtime, env, closers }: One) {
  const web = await listenForWeb(deskSocket(runtime).path)
  closers.add(() => {
    web.close()
    web.closeAllConnections()
  })
  const { port } = web.address() as AddressInfo
  const wire = await Wire.lay(() => ({ host: '127.0.0.1', port }))
  closers.add(() => wire.close())
  const own = await openDataFolder(folder)
  closers.add(() => rm(own.runtime, { recursive: true, force: true }))
  const url = `http://127.0.0.1:${wire.port}`
  const options = ['--queue', farQueue, '--slots', '4', '--drain', '5s']
  const worker = FleetMember.poolWorker({ folder, url, token, options, env })
  closers.add(() => worker.remove())
  return { worker, wire }
}

/**
 * @param desks whose desk each of them comes to, as numbers of the site's schedulers
 * @param env of each
 */
export async function hireFar(
  { db, fleet, folder }: Site,
  desks: readonly number[],
  env: Record<string, string> = {},
): Promise<Far> {
  const closers = new Closers()
  const far: Far = { workers: [], wires: [], close: () => closers.close() }
  const { secret: token } = await tokenOfMain(db)
  for (const [i, desk] of desks.entries()) {
    const { runtime = '' } = fleet[desk] ?? {}
    const { worker, wire } = await hireOne({ token, folder: `${folder}/far-${i}`, runtime, env, closers })
    far.workers.push(worker)
    far.wires.push(wire)
  }
  return far
}
