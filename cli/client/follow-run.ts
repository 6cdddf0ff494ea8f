/** A run as it changes: read again whenever the product says that it did, and now and then in case it did not. */
import { createInterface } from 'node:readline'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { isTerminalRun } from '#server/domain/run/states.ts'
import type { RunDetail } from '#server/views/run.ts'
import type { RestClient } from './rest-client.ts'

/** ms between two looks at most. */
const atLeastEvery = 5000
/** ms to go on while the product does not answer: it may be starting again. */
const patience = 60_000
const pause = 1000

/** What happened to a topic, as something to wait for. */
class Changes {
  readonly #ended = new AbortController()
  #changed = false
  #wake = () => {}

  constructor(client: RestClient, topic: string) {
    void this.#listen(client, topic)
  }

  /** Until the next change, one that nobody waited for, or `ms`. */
  async next(ms: number): Promise<void> {
    if (!this.#changed)
      await new Promise<void>((done) => {
        const timer = setTimeout(done, ms)
        this.#wake = () => {
          clearTimeout(timer)
          done()
        }
      })
    this.#changed = false
  }

  end(): void {
    this.#ended.abort()
  }

  async #listen(client: RestClient, topic: string): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      try {
        for await (const line of createInterface({ input: await client.events(topic, signal) })) {
          if (!line.startsWith('data:')) continue
          this.#changed = true
          this.#wake()
        }
      } catch {
        // The looks go on without it.
      }
      if (!signal.aborted) await new Promise((done) => setTimeout(done, pause).unref())
    }
  }
}

/**
 * The run now and after each change, its end last. `waiting` is called when the product stops answering.
 * @throws DagbokError when it refuses, or has not answered for a minute
 */
export async function* followRun(
  client: RestClient,
  id: string,
  waiting: (error: Error) => void,
): AsyncGenerator<RunDetail> {
  const changes = new Changes(client, `run:${id}`)
  let lastAnswer = performance.now()
  let told = false
  try {
    for (;;) {
      try {
        const run = await client.get<RunDetail>(`/runs/${id}`)
        lastAnswer = performance.now()
        told = false
        yield run
        if (isTerminalRun(run.state)) return
      } catch (error) {
        const mayPass = error instanceof DagbokError && error.code === 'unavailable'
        if (!mayPass || performance.now() - lastAnswer > patience) throw error
        if (!told) waiting(error)
        told = true
        await new Promise((done) => setTimeout(done, pause))
        continue
      }
      await changes.next(atLeastEvery)
    }
  } finally {
    changes.end()
  }
}
