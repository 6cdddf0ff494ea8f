/** What changed, to whoever watches: one LISTEN for the whole process, topics by name only. */
import type { Database } from '#db/client.ts'
import { liveChannel } from '#db/queries/live.ts'

type Watcher = (topic: string) => unknown

export class LiveHub {
  readonly #watchers = new Set<Watcher>()

  /** Listens until the database is closed; the driver listens again by itself after a lost connection. */
  async start(db: Database): Promise<void> {
    await db.client.listen(
      liveChannel,
      (topic) => this.#tell(topic),
      // What was said while nobody listened is not known: everyone looks again.
      () => this.#tell('*'),
    )
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #tell(topic: string): void {
    for (const watcher of this.#watchers) watcher(topic)
  }
}
