/**
 * One event stream for all tabs of a browser: over HTTP/1.1 a browser opens six connections to a host, so a stream
 * per tab would leave none for the seventh. The tab that holds a lock has the stream and passes on what it hears;
 * when it closes, the next tab gets the lock.
 */

import { LiveSource } from './live-source.ts'

/** What tabs say to each other. `wants`: topics of a tab, empty when it goes. `changed`: a topic, `*` for "look at everything again". */
type Message =
  { kind: 'wants'; tab: string; topics: string[] } | { kind: 'who' } | { kind: 'changed'; topic: string }

type Listener = (topic: string) => void

const name = 'dagbok-live'

const matches = (wanted: string, topic: string) =>
  topic === '*' || wanted === topic || (wanted.endsWith(':*') && topic.startsWith(wanted.slice(0, -1)))

/** A tab's part: what it wants, and whom to tell. */
class LiveStream {
  readonly #tab = [...crypto.getRandomValues(new Uint32Array(4))].join('-')
  readonly #listeners = new Map<Listener, readonly string[]>()
  readonly #channel = new BroadcastChannel(name)
  #source: LiveSource | null = null

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
    this.#source = new LiveSource(
      (topic) => {
        this.#say({ kind: 'changed', topic })
        this.#hear(topic)
      },
      (address) => new EventSource(address),
    )
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
