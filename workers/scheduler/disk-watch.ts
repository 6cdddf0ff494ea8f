/** Whether the disks have room for new work, measured again and again: the scheduler asks at each look, and waits for none. */
import type { Logger } from 'pino'
import { whyFull, type FullDisk } from '#server/domain/space.ts'
import type { Disks } from '#server/storage/disks.ts'
import { Wakeful } from './wakeful.ts'

/** ms between two measurements: what can be written meanwhile is little beside what must be free. */
const betweenMs = 500

export class DiskWatch {
  readonly #disks: Pick<Disks, 'full'>
  readonly #log: Logger
  readonly #loop: Wakeful
  readonly #changed: () => void
  /** As it was last measured. */
  full: FullDisk | null = null

  /** @param changed is told when a disk is full, and when there is room again */
  constructor(disks: Pick<Disks, 'full'>, log: Logger, changed: () => void = () => {}) {
    this.#disks = disks
    this.#log = log
    this.#changed = changed
    this.#loop = new Wakeful(
      () => this.#look(),
      betweenMs,
      (error) => log.error({ err: error }, 'the disks could not be measured'),
    )
  }

  /** Resolves when they were measured for the first time. */
  async start(): Promise<void> {
    await this.#look()
    this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #look(): Promise<null> {
    const before = this.full
    this.full = await this.#disks.full()
    if (before === null && this.full !== null)
      this.#log.warn(this.full, `nothing new is started: ${whyFull(this.full)}`)
    if (before !== null && this.full === null) this.#log.info('there is room again: new work starts')
    if ((before === null) !== (this.full === null)) this.#changed()
    return null
  }
}
