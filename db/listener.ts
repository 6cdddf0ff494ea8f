/** LISTEN on one connection of its own, which is opened again when it dies. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { spread } from './outage.ts'

export interface Subscription {
  unlisten: () => Promise<void>
}

interface Subscriber {
  channel: string
  heard: (payload: string) => void
  listening: () => void
}

const longestWaitMs = 1000

interface Driven {
  connection: { stream: { destroy(why?: Error): void } }
}

/** Ends a connection without a word to the server, which may not be there to hear it. @param why what its statements fail with */
export const cut = (connection: pg.ClientBase, why?: Error): void =>
  (connection as unknown as Driven).connection.stream.destroy(why)

/** ms between questions to a database that has nothing to tell, and until one without an answer counts as away. */
const askMs = 20_000
const patienceMs = 10_000

export class Listener {
  readonly #config: pg.ClientConfig
  readonly #subscribers = new Set<Subscriber>()
  readonly #closed = new AbortController()
  #opened: Promise<pg.Client> | null = null
  /** Also while it is being opened. */
  #connection: pg.Client | null = null

  constructor(config: pg.ClientConfig) {
    this.#config = config
  }

  /**
   * @param heard is told what is sent to the channel
   * @param listening is told from when on that is so: once this resolves, and after each lost connection, as what was
   *   sent meanwhile is not known
   * @throws what the driver says when the database cannot be asked; nothing is left of it then
   */
  async listen(
    channel: string,
    heard: (payload: string) => void,
    listening: () => void = () => {},
  ): Promise<Subscription> {
    const subscriber = { channel, heard, listening }
    this.#subscribers.add(subscriber)
    try {
      const connection = await this.#open()
      await connection.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      this.#subscribers.delete(subscriber)
      throw error
    }
    listening()
    return { unlisten: () => this.#drop(subscriber) }
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#subscribers.clear()
    const connection = await this.#opened?.catch(() => null)
    await connection?.end()
  }

  /** Ends the connection at once. */
  cut(): void {
    if (this.#connection !== null) cut(this.#connection)
  }

  async #drop(subscriber: Subscriber): Promise<void> {
    this.#subscribers.delete(subscriber)
    if (this.#channels().has(subscriber.channel) || this.#closed.signal.aborted) return
    const connection = await this.#opened?.catch(() => null)
    if (this.#channels().has(subscriber.channel)) return
    // Of a connection that has died there is nothing to undo.
    await connection?.query(`unlisten ${pg.escapeIdentifier(subscriber.channel)}`).catch(() => {})
  }

  #channels(): Set<string> {
    return new Set([...this.#subscribers].map(({ channel }) => channel))
  }

  #open(): Promise<pg.Client> {
    if (this.#opened !== null) return this.#opened
    const opened = this.#connect(() => {
      if (this.#opened !== opened) return
      this.#opened = null
      void this.#reopen()
    })
    opened.catch(() => {
      if (this.#opened === opened) this.#opened = null
    })
    this.#opened = opened
    return opened
  }

  async #connect(died: () => void): Promise<pg.Client> {
    const connection = new pg.Client(this.#config)
    this.#connection = connection
    // Its end says the same.
    connection.on('error', () => {})
    connection.on('notification', ({ channel, payload = '' }) => {
      for (const subscriber of this.#subscribers)
        if (subscriber.channel === channel) subscriber.heard(payload)
    })
    await connection.connect()
    try {
      for (const channel of this.#channels()) await connection.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      await connection.end().catch(() => {})
      throw error
    }
    const asking = setInterval(() => this.#ask(connection), askMs)
    connection.once('end', () => {
      clearInterval(asking)
      died()
    })
    return connection
  }

  /** It only ever waits: a server that has vanished would never be missed. */
  #ask(connection: pg.Client): void {
    const late = setTimeout(() => cut(connection), patienceMs)
    connection
      .query('select 1')
      // Its end is told by itself.
      .catch(() => {})
      .finally(() => clearTimeout(late))
  }

  async #reopen(): Promise<void> {
    for (let wait = 20; this.#subscribers.size > 0; wait = Math.min(longestWaitMs, wait * 2)) {
      try {
        await sleep(spread(wait), null, { signal: this.#closed.signal })
        await this.#open()
        for (const { listening } of this.#subscribers) listening()
        return
      } catch {
        if (this.#closed.signal.aborted) return
      }
    }
  }
}
