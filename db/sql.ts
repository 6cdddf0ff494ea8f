/** The driver behind a tagged template: a pool of connections, and LISTEN that outlives them. */
import pg from 'pg'
import { Listener, type Subscription } from './listener.ts'

export interface ClientOptions {
  /** Connections at most. */
  max?: number
  applicationName?: string
  /** ms after which the database closes a transaction in which nothing happens; without, it waits. */
  idleInTransactionMs?: number
}

export interface Sql {
  /** Rows of one statement; times and dates as Postgres writes them. Values become its parameters. */
  <Rows extends readonly object[] = pg.QueryResultRow[]>(
    text: TemplateStringsArray,
    ...values: unknown[]
  ): Promise<Rows>
  /** Statements without parameters, as they are. */
  run: (text: string) => Promise<void>
  listen: Listener['listen']
  /** Resolves when all connections are closed; those that are at work after `graceMs` are cut. */
  end: (graceMs?: number) => Promise<void>
  pool: pg.Pool
}

export type { Subscription }

/** Quotes the name of a table, a database, a channel. */
export const identifier = (name: string): string => pg.escapeIdentifier(name)

/**
 * A transaction holds one connection. When that dies, its place in the pool is free at once, and every further statement
 * of the transaction is refused: nothing of it gets onto another connection.
 */
class Pool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>
  override connect(callback: Parameters<pg.Pool['connect']>[0]): void
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | void {
    return callback === undefined ? this.#hold() : super.connect(callback)
  }

  async #hold(): Promise<pg.PoolClient> {
    const connection = await super.connect()
    const giveBack = connection.release.bind(connection)
    let held = true
    const release = (broken?: boolean | Error) => {
      if (!held) return
      held = false
      connection.off('end', died)
      giveBack(broken)
    }
    const died = () => release(true)
    connection.once('end', died)
    connection.release = release
    return connection
  }
}

const types = new pg.TypeOverrides()
for (const time of ['DATE', 'TIMESTAMP', 'TIMESTAMPTZ', 'INTERVAL'] as const)
  types.setTypeParser(pg.types.builtins[time], (text) => text)

/** `postgres://…` with what every session of ours has. `sslmode` means what it means to libpq. */
function addressOf(url: string, options: ClientOptions): string {
  const address = new URL(url)
  const settings = [address.searchParams.get('options') ?? '', '-c TimeZone=UTC']
  if (options.idleInTransactionMs !== undefined)
    settings.push(`-c idle_in_transaction_session_timeout=${options.idleInTransactionMs}`)
  address.searchParams.set('options', settings.join(' ').trim())
  if (address.searchParams.has('sslmode')) address.searchParams.set('uselibpqcompat', 'true')
  return address.href
}

/** `url` is `postgres://…`; a Unix socket is named by its folder in the query: `postgres://user:password@localhost/name?host=/folder`. */
export function openSql(url: string, options: ClientOptions = {}): Sql {
  const config: pg.PoolConfig = {
    connectionString: addressOf(url, options),
    application_name: options.applicationName ?? 'dagbok',
    keepAlive: true,
    max: options.max ?? 10,
    // One stays, so that what comes after a quiet time does not have to connect first.
    min: 1,
    idleTimeoutMillis: 60_000,
    // Of a server that does not answer; also the longest wait for a free connection.
    connectionTimeoutMillis: 30_000,
  }
  const pool = new Pool(config)
  const open = new Set<pg.PoolClient>()
  // What happens to a connection is told to the statement that is on it, or to the next.
  pool.on('error', () => {})
  pool.on('connect', (connection) => {
    open.add(connection)
    connection.on('error', () => {})
    connection.once('end', () => open.delete(connection))
  })
  const listener = new Listener(config)
  const rows = async (text: TemplateStringsArray, ...values: unknown[]) =>
    (await pool.query({ text: text.reduce((all, part, n) => `${all}$${n}${part}`), values, types })).rows
  return Object.assign(rows as Sql, {
    pool,
    run: async (text: string) => void (await pool.query(text)),
    listen: listener.listen.bind(listener),
    end: async (graceMs = 5000) => {
      const late = setTimeout(() => open.forEach((connection) => cut(connection)), graceMs)
      await Promise.all([listener.close(), pool.end()]).finally(() => clearTimeout(late))
    },
  })
}

const cut = (connection: pg.PoolClient) =>
  (connection as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
