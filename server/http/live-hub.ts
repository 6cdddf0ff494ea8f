/** What changed, to whoever watches: one LISTEN for the whole process, topics by name only. */
import type { Database } from '#db/client.ts'
import { teamOfTopic } from '#db/queries/live-team.ts'
import { liveChannel } from '#db/queries/live.ts'

type Watcher = (topic: string) => unknown

/** Topics whose team is remembered: those of runs come and go. */
const remembered = 10_000

export class LiveHub {
  readonly #db: Database
  readonly #watchers = new Set<Watcher>()
  readonly #teams = new Map<string, Promise<string | null>>()

  constructor(db: Database) {
    this.#db = db
  }

  /** Listens until the database is closed; the driver listens again by itself after a lost connection. */
  async start(): Promise<void> {
    await this.#db.client.listen(
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

  /** The team that may hear of a topic; null: nobody may. It is asked for once, however many watch. @throws when the database is away */
  teamOf(topic: string): Promise<string | null> {
    const known = this.#teams.get(topic)
    if (known !== undefined) return known
    const asked = teamOfTopic(this.#db, topic)
    const [oldest] = this.#teams.keys()
    if (this.#teams.size >= remembered && oldest !== undefined) this.#teams.delete(oldest)
    this.#teams.set(topic, asked)
    // What could not be said now may be said the next time.
    const forget = () => this.#teams.delete(topic)
    asked.then((team) => team === null && forget(), forget)
    return asked
  }

  #tell(topic: string): void {
    for (const watcher of this.#watchers) watcher(topic)
  }
}
