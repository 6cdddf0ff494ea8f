/** For tests: a desk behind a web server, and a worker of the pool as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { openDataFolder } from '#cli/start/data-folder.ts'
import { nodeOptions } from '#cli/setup/machine.mjs'
import type { Database } from '#db/client.ts'
import { childEnvironment } from '#server/config/environment.ts'
import { deskSocket } from '#server/config/desk.ts'
import { forwardToDesk } from '#server/http/worker-forward.ts'
import { createWorkerToken } from '#server/services/worker/worker-tokens.ts'
import type { Desk } from '../executors/pool/desk.ts'
import type { Crew, Place } from './crew.ts'
import { deskOf } from './desk-of.ts'

const program = resolve(import.meta.dirname, '../../cli/commands/main.ts')

export interface PoolCrew extends Crew {
  /** Address of the web server. */
  url: string
  token: string
  tokenId: string
  desk: () => Desk
  /** The desk, and with it every open call, is gone; `opened` brings another one. */
  closed: () => Promise<void>
  opened: () => Promise<void>
  /** Another worker, with its own folder. */
  hire: (...options: string[]) => Promise<WorkerProcess>
}

export interface WorkerProcess {
  child: ChildProcess
  /** What it printed as errors so far. */
  said: () => string
  /** Sends it a signal, and resolves with its exit code once it has ended. */
  end: (signal: NodeJS.Signals) => Promise<number | null>
}

interface Start {
  url: string
  token: string
  folder: string
  options: string[]
  env?: Record<string, string>
}

export function startWorker({ url, token, folder, options, env = {} }: Start): WorkerProcess {
  const args = [...nodeOptions, program, 'worker', '--server', url, '--data-dir', folder, ...options]
  const child = spawn(process.execPath, args, {
    env: childEnvironment({ ...env, DAGBOK_WORKER_TOKEN: token }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
  return {
    child,
    said: () => said,
    end: (signal) => {
      child.kill(signal)
      return ended
    },
  }
}

/** A token for workers of team `main`. */
export async function tokenOfMain(db: Database): Promise<{ id: string; secret: string }> {
  const [row] = await db.client<{ team: string; user: string }[]>`
    select t.id as team, u.id as user from team t, "user" u where t.name = 'main' limit 1`
  return createWorkerToken(db, { teamId: row?.team ?? '', createdBy: row?.user ?? '', name: 'tests' })
}

/** A web server that hands what workers ask to the desk behind this socket. */
export async function listenForWeb(socket: string): Promise<Server> {
  const server = createServer((request, response) => forwardToDesk(request, response, socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

interface PoolAsked {
  /** Places of its first worker; null: it has none. */
  slots: number | null
  leaseSeconds?: number
  /** Environment of its workers. */
  env?: Record<string, string>
  /** Is shown the runtime folder of each worker before that starts. */
  laid?: (runtime: string) => Promise<void>
}

export async function openPool(place: Place, asked: PoolAsked): Promise<PoolCrew> {
  const { slots, leaseSeconds, env = {}, laid } = asked
  const { db, hosted, scheduler, runtime } = place
  const socket = deskSocket(runtime)
  await mkdir(socket.folder, { recursive: true, mode: 0o700 })
  const openDesk = async () => {
    const desk = deskOf(place, leaseSeconds === undefined ? {} : { leaseSeconds })
    await desk.listen(socket.path)
    return desk
  }
  let desk: Desk | null = await openDesk()
  const web = await listenForWeb(socket.path)
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  const { id: tokenId, secret: token } = await tokenOfMain(db)
  await scheduler.start(null)
  const folders: string[] = []
  const workers: WorkerProcess[] = []
  const start = async (name: string, options: string[]) => {
    const folder = join(hosted.folder, name)
    const { runtime: own } = await openDataFolder(folder)
    folders.push(own)
    await laid?.(own)
    const worker = startWorker({ url, token, folder, options, env })
    workers.push(worker)
    return worker
  }
  const options = ['--slots', String(slots), '--drain', '0s']
  let worker = slots === null ? null : await start('worker', options)
  return {
    runtime: folders[0] ?? '',
    url,
    token,
    tokenId,
    desk: () => {
      if (desk === null) throw new Error('the desk is closed')
      return desk
    },
    closed: async () => {
      await desk?.close()
      desk = null
    },
    opened: async () => {
      desk = await openDesk()
    },
    hire: (...more) => start(`worker-${workers.length}`, more),
    crash: async () => {
      await worker?.end('SIGKILL')
      worker = await start('worker', options)
    },
    stop: async () => {
      await Promise.all(workers.map((one) => one.end('SIGTERM')))
      await desk?.close()
      web.close()
      web.closeAllConnections()
      for (const folder of new Set(folders)) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One worker with as many places as the process executor of the tests has. */
export const poolCrew = (place: Place): Promise<Crew> => openPool(place, { slots: 4 })
