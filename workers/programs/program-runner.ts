/** Runs the programs that pushes and editors ask for, a few at once, each once. Any number of runners may work. */
import { chmod, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { programChannel } from '#db/queries/live.ts'
import {
  claimProgram,
  endProgram,
  releaseProgram,
  requeuePrograms,
  type ClaimedProgram,
} from '#db/queries/program.ts'
import type { Printed } from '#server/domain/notebook/program.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { filesOf, type BundleFile } from '#server/services/version/bundle-files.ts'
import { removeAll, removeFolder } from '../executors/process/attempt-folder.ts'
import { programFinder, taskUserId, type Host } from '../executors/process/host.ts'
import { killMarked } from '../executors/process/task-process.ts'
import { Wakeful } from '../scheduler/wakeful.ts'
import { hiddenPlaces } from './hidden.ts'
import { mostLaidOut, printProgram, usualLimits, type ProgramTools } from './print-program.ts'
import { strongestSeal, type Seal } from './seal.ts'
import { dataOf } from './sealed-process.ts'

/** Programs at once. As root each place has a user id of its own, after that of tasks. */
const places = 2
/** Seconds that one which is being typed has. */
const typedSeconds = 5
/** Seconds after which a program that was begun is somebody else's to run: its time, and that to lay it out. */
const leaseSeconds = 90
/** ms between two looks when nothing wakes it. */
const pollMs = 5000

export interface ProgramRunnerTools {
  db: Database
  repositories: ServiceContext['repositories']
  host: Host
  /** Whose programs are put back when it starts. */
  hostName: string
  /** Folders and files of the product that no program may see. */
  hidden: readonly string[]
  /** Whether whoever pushes may do what the product can: then programs run whatever seal this machine has. */
  trusting: boolean
  log: Logger
}

const refusal =
  'programs are not run here: the machine of this Dagbok cannot seal them off, and its authors are not to do what it can. Commit what the program prints as a .dag.yaml file instead'

export class ProgramRunner {
  readonly #tools: ProgramRunnerTools
  readonly #loop: Wakeful
  readonly #free: number[] = Array.from({ length: places }, (_, i) => i)
  readonly #running = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #folder = ''
  #seal: Seal = 'none'
  #hidden: readonly string[] = []
  #unlisten: (() => Promise<void>) | null = null

  constructor(tools: ProgramRunnerTools) {
    this.#tools = tools
    this.#loop = new Wakeful(
      () => this.#look(),
      pollMs,
      (error) => tools.log.error({ err: error }, 'programs could not be looked for'),
    )
  }

  /** What this machine enforces; known once it has started. */
  get seal(): Seal {
    return this.#seal
  }

  /** What threw can be called again. */
  async start(): Promise<void> {
    const { db, host, hostName, log } = this.#tools
    await killMarked(new Set(await requeuePrograms(db, hostName)), null)
    if (this.#folder === '') this.#folder = await this.#makeFolder()
    const scratch = await mkdtemp(join(this.#folder, 'trial-'))
    this.#hidden = await hiddenPlaces(this.#tools.hidden, [this.#folder], programFinder(host))
    const { uid, hidden } = this.#toolsOf(0)
    this.#seal = await strongestSeal({ uid, hidden, scratch, data: dataOf(usualLimits) }, host.path)
    const { trusting } = this.#tools
    if (this.#seal !== 'whole')
      log.warn(
        { seal: this.#seal },
        `this machine lets programs be sealed only in part${trusting || uid !== null ? '' : ', so that none is run'}: see docs/notebook.md`,
      )
    const subscription = await db.client.listen(
      programChannel,
      () => this.#loop.wake(),
      () => this.#loop.wake(),
    )
    this.#unlisten = () => subscription.unlisten()
  }

  /** Ends what runs, which is run again by whoever comes next. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#unlisten?.()
    await this.#loop.stop()
    await Promise.all(this.#running)
    await requeuePrograms(this.#tools.db, this.#tools.hostName)
    if (this.#folder !== '') await removeFolder(this.#folder)
  }

  /** As root below the runtime folder; else outside the data folder, which programs must not see. */
  async #makeFolder(): Promise<string> {
    const { host } = this.#tools
    if (host.uid === null) return mkdtemp(join(tmpdir(), 'dagbok-programs-'))
    const folder = join(host.runtime, 'programs')
    await mkdir(folder, { recursive: true, mode: 0o711 })
    await chmod(folder, 0o711)
    await removeAll(folder)
    return folder
  }

  #toolsOf(place: number): ProgramTools {
    const { host } = this.#tools
    const asRoot = host.uid !== null
    return {
      folder: this.#folder,
      seal: this.#seal,
      refusal: this.#seal === 'whole' || asRoot || this.#tools.trusting ? null : refusal,
      uid: asRoot ? taskUserId + 1 + place : null,
      hidden: this.#hidden,
      path: asRoot ? host.path : [dirname(process.execPath), host.path].join(':'),
      find: programFinder(host),
    }
  }

  async #look(): Promise<null> {
    for (let place = this.#free.shift(); place !== undefined; place = this.#free.shift()) {
      const claimed = await claimProgram(this.#tools.db, this.#tools.hostName, leaseSeconds).catch(
        (error: unknown) => {
          this.#free.push(place)
          throw error
        },
      )
      if (claimed === null) {
        this.#free.push(place)
        return null
      }
      this.#begin(claimed, place)
    }
    return null
  }

  #begin(claimed: ClaimedProgram, place: number): void {
    const work = this.#run(claimed, place)
      .catch((error: unknown) => this.#tools.log.error({ err: error }, 'a program could not be written down'))
      .finally(() => {
        this.#running.delete(work)
        this.#free.push(place)
        this.#loop.wake()
      })
    this.#running.add(work)
  }

  async #run(claimed: ClaimedProgram, place: number): Promise<void> {
    const { path, draft, id } = claimed
    const limits = draft === null ? usualLimits : { ...usualLimits, seconds: typedSeconds }
    const stop = this.#stop.signal
    const program = { id, path, files: this.#filesOf(claimed), limits, stop }
    let came: Printed
    try {
      came = await printProgram(this.#toolsOf(place), program)
    } catch (error) {
      if (stop.aborted) return
      this.#tools.log.error({ err: error, path }, 'a program could not be run')
      return releaseProgram(this.#tools.db, claimed.token)
    }
    await endProgram(this.#tools.db, claimed.token, came)
  }

  async *#filesOf({
    repositoryId,
    path,
    files,
    draft,
    quarantine,
  }: ClaimedProgram): AsyncGenerator<BundleFile> {
    const committed = draft === null ? files : files.filter((file) => file.path !== path)
    yield* filesOf(this.#tools.repositories, repositoryId, committed, quarantine, mostLaidOut)
    if (draft !== null) yield { path, mode: '100644', bytes: Buffer.from(draft) }
  }
}
