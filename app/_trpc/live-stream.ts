/**
 * One event stream for all tabs of a browser: over HTTP/1.1 a browser opens six connections to a host, so a stream
 * per tab would leave none for the seventh. The tab that holds a lock has the stream and passes on what it hears;
 * when it closes, the next tab gets the lock.
 */

/** What tabs say to each other. `wants`: topics of a tab, empty when it goes. `changed`: a topic, `*` for "look at everything again". */
type Message =
  { kind: 'wants'; tab: string; topics: string[] } | { kind: 'who' } | { kind: 'changed'; topic: string }

type Listener = (topic: string) => void

const name = 'dagbok-live'
/** ms until a stream that was refused is asked for again. */
const refusedMs = 5000

const matches = (wanted: string, topic: string) =>
  topic === '*' || wanted === topic || (wanted.endsWith(':*') && topic.startsWith(wanted.slice(0, -1)))

/** The stream of the tab that holds the lock: it follows the topics that any tab wants. */
class Source {
  #source: EventSource | null = null
  #topics = ''
  readonly #wants = new Map<string, string[]>()
  readonly #tell: Listener
  constructor(tell: Listener) {
    this.#tell = tell
  }

  want(tab: string, topics: string[]): void {
    if (topics.length === 0) this.#wants.delete(tab)
    else this.#wants.set(tab, topics)
    const all = [...new Set([...this.#wants.values()].flat())].toSorted().join(',')
    if (all !== this.#topics) this.#follow(all)
  }

  /** The old stream goes on until the new one is open: what both follow is never unheard. */
  #follow(topics: string): void {
    const [before, known] = [this.#source, new Set(this.#topics.split(','))]
    this.#topics = topics
    this.#source = null
    if (topics === '') return before?.close()
    const source = new EventSource(`/api/live?topics=${encodeURIComponent(topics)}`)
    this.#source = source
    let opened = false
    source.addEventListener('message', (event: MessageEvent<string>) => this.#tell(event.data))
    source.addEventListener('open', () => {
      before?.close()
      // What happened before a topic was followed, or while the line was down, was not heard.
      if (opened) this.#tell('*')
      else for (const topic of topics.split(',')) if (!known.has(topic)) this.#tell(topic)
      opened = true
    })
    source.addEventListener('error', () => {
      // A lost line the browser opens again; a refusal it takes for good: signed out, or a proxy with nobody behind it.
      if (source.readyState !== EventSource.CLOSED) return
      before?.close()
      setTimeout(() => {
        if (this.#source !== source) return
        this.#topics = ''
        this.#follow(topics)
      }, refusedMs)
    })
  }
}

/** A tab's part: what it wants, and whom to tell. */
class LiveStream {
  readonly #tab = [...crypto.getRandomValues(new Uint32Array(4))].join('-')
  readonly #listeners = new Map<Listener, readonly string[]>()
  readonly #channel = new BroadcastChannel(name)
  #source: Source | null = null

  constructor() {
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      if (data.kind === 'changed') this.#hear(data.topic)
      else if (data.kind === 'who') this.#sayWants()
      else this.#source?.want(data.tab, data.topics)
    })
    window.addEventListener('pagehide', () => this.#say({ kind: 'wants', tab: this.#tab, topics: [] }))
    window.addEventListener('pageshow', () => this.#sayWants())
    // There are no locks on a plain-HTTP address other than this machine's: there each tab has a stream.
    if ('locks' in navigator)
      void navigator.locks.request(name, () => {
        this.#lead()
        // Held until the tab is closed.
        return new Promise(() => {})
      })
    else this.#lead()
  }

  #lead(): void {
    this.#source = new Source((topic) => {
      this.#say({ kind: 'changed', topic })
      this.#hear(topic)
    })
    this.#say({ kind: 'who' })
    this.#sayWants()
  }

  /** Calls back with each topic that changed; gives how to stop. */
  watch(topics: readonly string[], listener: Listener): () => void {
    this.#listeners.set(listener, topics)
    this.#sayWants()
    return () => {
      this.#listeners.delete(listener)
      this.#sayWants()
    }
  }

  #say(message: Message): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin, and takes no target
    this.#channel.postMessage(message)
  }

  #sayWants(): void {
    const topics = [...new Set([...this.#listeners.values()].flat())]
    if (this.#source === null) this.#say({ kind: 'wants', tab: this.#tab, topics })
    else this.#source.want(this.#tab, topics)
  }

  #hear(topic: string): void {
    for (const [listener, wanted] of this.#listeners)
      if (wanted.some((one) => matches(one, topic) || matches(topic, one))) listener(topic)
  }
}

let stream: LiveStream | null = null
export const liveStream = (): LiveStream => (stream ??= new LiveStream())
