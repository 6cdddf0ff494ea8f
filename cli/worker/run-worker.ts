/** Composition root of `dagbok worker`: one worker of the pool on this machine, until it is told to end. */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { inheritedByTasks } from '#server/config/environment.ts'
import { gitPath } from '#server/config/git.ts'
import { workerDisks } from '#server/storage/disks.ts'
import { DeskClient } from '#workers/executors/pool/desk-client.ts'
import { PoolWorker, type PoolWorkerOptions } from '#workers/executors/pool/pool-worker.ts'
import { remoteFiles } from '#workers/executors/pool/remote-files.ts'
import { RemoteStore } from '#workers/executors/pool/remote-store.ts'
import { Checkouts } from '#workers/executors/process/checkouts.ts'
import { ProcessExecutor } from '#workers/executors/process/process-executor.ts'
import { WarmStarts } from '#workers/executors/process/warm/warm-starts.ts'
import { openHost, programFinder } from '#workers/executors/process/host.ts'
import { DiskWatch } from '#workers/scheduler/disk-watch.ts'
import { lockDataFolder, openDataFolder } from '../start/data-folder.ts'

export interface WorkerGiven {
  /** Address of the product, without a slash at its end. */
  url: string
  token: string
  queues: string[]
  slots: number
  /** Where versions and attempts lie; one worker at a time has it. */
  folder: string
  /** Whether interpreters are kept in store. */
  warm: boolean
  /** ms that attempts may go on once the worker is told to end. */
  drainMs: number
  /** Bytes that must be free on its disks for it to take something new. */
  leastFree: number
  say: (line: string) => void
  /** Whether the machine is the tasks' own image: they have its variables and its programs. */
  inImage?: boolean
  /** What this machine is called; without it, what it calls itself. */
  machine?: string | null
}

/** ms that an attempt has between being asked to end and being made to. */
const graceMs = 5000

/** Aborts when the first of these signals comes. A terminal and the program before this one may each send it: more say no more. */
function told(): AbortSignal {
  const ending = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ending.abort())
  return ending.signal
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done())
  })

/**
 * Works until it is told to end, then drains: what runs has until the bound of that.
 * @throws DagbokError `unauthenticated` when the token is not good, `conflict` when the folder is another's
 */
export async function runWorker(given: WorkerGiven): Promise<void> {
  const { queues, slots, inImage = false } = given
  const data = await openDataFolder(given.folder)
  const lock = await lockDataFolder(data.path)
  // A token on the command line is for nobody else to see.
  process.title = 'dagbok worker'
  const log = pino({ level: 'warn', base: { process: 'pool worker' } }, pino.destination(2))
  const id = randomUUID()
  const host = await openHost(data.runtime, gitPath(), !inImage)
  const archives = join(data.path, 'archives')
  await mkdir(archives, { recursive: true, mode: 0o700 })
  const client = new DeskClient({ url: given.url, token: given.token, workerId: id })
  const ending = told()
  const disks = workerDisks({ folder: data.path, runtimeFolder: data.runtime, leastFree: given.leastFree })
  let changed = () => {}
  const diskWatch = new DiskWatch(disks, log, () => changed())
  try {
    await diskWatch.start()
    const options: PoolWorkerOptions = {
      fullDisk: () => diskWatch.full,
      client,
      self: { id, host: `${given.machine ?? hostname()}:${data.runtime}`, pid: process.pid, queues, slots },
      executor: ({ signalOf, ...hands }) =>
        new ProcessExecutor({
          ...hands,
          host,
          checkouts: new Checkouts(
            join(host.runtime, 'versions'),
            remoteFiles(client, archives, signalOf),
            host,
          ),
          artifacts: (token) => new RemoteStore(client, token, signalOf(token)),
          find: programFinder(host),
          inherited: inheritedByTasks(inImage),
          warm: given.warm ? new WarmStarts(host) : null,
          graceMs,
        }),
      log,
    }
    const worker = await PoolWorker.start(options, ending).catch((error: unknown) => {
      if (!ending.aborted) throw error
      return null
    })
    // It was told to end before a server answered: there is nothing that anybody would have to hear.
    if (worker === null) return
    changed = () => worker.diskChanged()
    given.say(`Works for ${given.url}: ${slots} at once, from ${queues.join(', ')}. Stop it with Ctrl-C.`)
    const refusal = await Promise.race([aborted(ending), worker.refused])
    if (refusal === undefined && worker.holding > 0)
      given.say(`Takes nothing new; waits for ${worker.holding} at most ${given.drainMs / 1000} s.`)
    await worker.drain(refusal === undefined ? given.drainMs : 0, graceMs)
    if (refusal !== undefined) throw refusal
  } finally {
    await diskWatch.stop()
    await host.spawner.close()
    await lock.release()
  }
}
