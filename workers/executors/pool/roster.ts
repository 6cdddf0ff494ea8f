/** The workers that come to a desk, each with the executor that the scheduler sees of it. */
import { realEffects, type Effects } from '../../scheduler/effects.ts'
import type { Executor } from '../executor.ts'
import { RemoteWorker } from './remote-worker.ts'

/** The scheduler, as far as the desk needs it. */
export interface Served {
  serve: (executor: Executor) => void
  retire: (executor: Executor) => void
  released: (token: string) => void
}

/** ms without a poll after which a worker is taken for gone; it may come back. */
const silentMs = 120_000

interface Known {
  remote: RemoteWorker
  /** Calls off what takes it for gone. */
  heard: () => void
}

export class Roster {
  readonly #scheduler: Served
  readonly #after: Effects['after']
  readonly #workers = new Map<string, Known>()

  constructor(scheduler: Served, after: Effects['after'] = realEffects.after) {
    this.#scheduler = scheduler
    this.#after = after
  }

  /** It was heard just now. */
  of({ id, queues }: { id: string; queues: string[] }, teamId: string): RemoteWorker {
    const known = this.#workers.get(id)
    known?.heard()
    const remote =
      known?.remote ??
      new RemoteWorker({ id, queues, teamId }, (token) => this.#scheduler.released(token), this.#after)
    this.#workers.set(id, { remote, heard: this.#after(silentMs, () => this.forget(id)) })
    return remote
  }

  /** It has room, as its open poll says. */
  serve(remote: RemoteWorker): void {
    this.#scheduler.serve(remote)
  }

  /** An attempt of this worker is over. */
  over(workerId: string, token: string): void {
    this.#workers.get(workerId)?.remote.released(token)
  }

  /** This worker has the job of an attempt. */
  arrived(workerId: string, token: string): void {
    this.#workers.get(workerId)?.remote.arrived(token)
  }

  forget(workerId: string): void {
    const known = this.#workers.get(workerId)
    if (known === undefined) return
    known.heard()
    this.#workers.delete(workerId)
    this.#scheduler.retire(known.remote)
    known.remote.leave()
  }

  /** Nobody comes any more. What the workers have goes on. */
  async close(): Promise<void> {
    for (const { remote, heard } of this.#workers.values()) {
      heard()
      this.#scheduler.retire(remote)
      await remote.stop()
    }
  }
}
