/** The event stream of the topics that are wanted now. */

/** What is needed of the browser's EventSource. */
export interface Stream {
  readonly readyState: number
  addEventListener(type: 'message', heard: (event: { data: string }) => void): void
  addEventListener(type: 'open' | 'error', happened: () => void): void
  close(): void
}

/** ms until a stream that was refused is asked for again. */
const refusedMs = 5000
/** Of EventSource's states: no more is tried. */
const closed = 2

/** The stream of the tab that holds the lock: it follows the topics that any tab wants. */
export class LiveSource {
  /** What is heard now, and by which stream. */
  #heard: { stream: Stream; topics: ReadonlySet<string> } | null = null
  /** Asked for, and not open yet. */
  #next: Stream | null = null
  #topics = ''
  readonly #wants = new Map<string, string[]>()
  readonly #tell: (topic: string) => void
  readonly #open: (address: string) => Stream

  /** @param tell is told of each topic that may have changed; `*` is all */
  constructor(tell: (topic: string) => void, open: (address: string) => Stream) {
    this.#tell = tell
    this.#open = open
  }

  want(tab: string, topics: string[]): void {
    if (topics.length === 0) this.#wants.delete(tab)
    else this.#wants.set(tab, topics)
    const all = [...new Set([...this.#wants.values()].flat())].toSorted().join(',')
    if (all !== this.#topics) this.#follow(all)
  }

  /** What is heard goes on being heard until the new stream is open; one that was asked for in between is not waited for. */
  #follow(topics: string): void {
    this.#topics = topics
    this.#next?.close()
    this.#next = null
    if (topics === '') return this.#hush()
    const stream = this.#open(`/api/live?topics=${encodeURIComponent(topics)}`)
    this.#next = stream
    stream.addEventListener('message', ({ data }) => this.#tell(data))
    stream.addEventListener('open', () => this.#opened(stream, topics.split(',')))
    stream.addEventListener('error', () => {
      // A lost line the browser opens again; a refusal it takes for good: signed out, or a proxy with nobody behind it.
      if (stream.readyState !== closed || (this.#next !== stream && this.#heard?.stream !== stream)) return
      this.#hush()
      this.#next = stream
      setTimeout(() => {
        if (this.#next === stream) this.#follow(topics)
      }, refusedMs)
    })
  }

  #hush(): void {
    this.#heard?.stream.close()
    this.#heard = null
  }

  /** What happened before a topic was heard, or while the line was down, is not known: it is looked at. */
  #opened(stream: Stream, topics: readonly string[]): void {
    if (this.#heard?.stream === stream) return this.#tell('*')
    const before = this.#heard?.topics
    this.#hush()
    this.#next = null
    this.#heard = { stream, topics: new Set(topics) }
    for (const topic of topics) if (before?.has(topic) !== true) this.#tell(topic)
  }
}
