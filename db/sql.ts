/** The driver behind a tagged template: a pool of connections, and LISTEN that outlives them. */
import pg from 'pg'
import { addressOf, type SessionOptions } from './address.ts'
import { cut, Listener } from './listener.ts'
import { nameStatements, textOf } from './named-statements.ts'
import { boundStatements } from './statement-bound.ts'
import { StatementNames } from './statement-names.ts'

export interface ClientOptions extends SessionOptions {
  /** Connections at most. */
  max?: number
  /**
   * ms that a statement may go without its answer: then it has failed, and its connection with it, since nothing that comes
   * on it later could be told apart. Not given: it waits.
   */
  statementMs?: number
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
  /** Takes no new statement; resolves when those that are under way are done, or were cut after `graceMs`. */
  end: (graceMs?: number) => Promise<void>
  pool: pg.Pool
}

/** Quotes the name of a table, a database, a channel. */
export const identifier = (name: string): string => pg.escapeIdentifier(name)

type Held = pg.PoolClient & { query: (...given: unknown[]) => Promise<pg.QueryResult> }

/**
 * A transaction holds one connection. When that dies, its place in the pool is free at once, and every further statement
 * of the transaction is refused: nothing of it gets onto another connection. A commit that Postgres answers with a
 * rollback, since a statement before it failed, is an error.
 */
class Pool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>
  override connect(callback: Parameters<pg.Pool['connect']>[0]): void
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | void {
    return callback === undefined ? this.#hold() : super.connect(callback)
  }

  async #hold(): Promise<pg.PoolClient> {
    const connection = (await super.connect()) as Held
    const giveBack = connection.release.bind(connection)
    // Not the bound one: each transaction would put a layer on it.
    const before = connection.query
    const query = before.bind(connection)
    let held = true
    const release = (broken?: boolean | Error) => {
      if (!held) return
      held = false
      connection.off('end', died)
      connection.query = before
      giveBack(broken)
    }
    const died = () => release(true)
    connection.once('end', died)
    connection.release = release
    connection.query = async (...given: unknown[]) => {
      const result = await query(...given)
      if (result.command === 'ROLLBACK' && textOf(given[0]) === 'commit')
        throw new Error('The transaction was rolled back: a statement of it had failed.')
      return result
    }
    return connection
  }
}

const names = new StatementNames()

const types = new pg.TypeOverrides()
for (const time of ['DATE', 'TIMESTAMP', 'TIMESTAMPTZ', 'INTERVAL'] as const)
  types.setTypeParser(pg.types.builtins[time], (text) => text)

/**
 * `url` is `postgres://…`; a Unix socket is named by its folder in the query:
 * `postgres://user:password@localhost/name?host=/folder`. @throws DagbokError `bad_input` where `addressOf` does
 */
export function openSql(url: string, options: ClientOptions = {}): Sql {
  const config: pg.PoolConfig = {
    ...addressOf(url, options),
    // A host that vanished without a word is noticed in a minute or two, not in two hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 15_000,
    max: options.max ?? 10,
    // One stays, so that what comes after a quiet time does not have to connect first.
    min: 1,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 3600,
    // Of a server that does not answer; also the longest wait for a free connection.
    connectionTimeoutMillis: 30_000,
  }
  const pool = new Pool(config)
  const open = new Set<pg.PoolClient>()
  /** The time of grace is over: a connection that comes about only now is cut as well. */
  let late = false
  // What happens to a connection is told to the statement that is on it, or to the next.
  pool.on('error', () => {})
  pool.on('connect', (connection) => {
    open.add(connection)
    if (options.statementMs !== undefined) boundStatements(connection, options.statementMs)
    nameStatements(connection, names)
    connection.on('error', () => {})
    connection.once('end', () => open.delete(connection))
    if (late) cut(connection)
  })
  const listener = new Listener(config)
  const rows = async (text: TemplateStringsArray, ...values: unknown[]) =>
    (await pool.query({ text: text.reduce((all, part, n) => `${all}$${n}${part}`), values, types })).rows
  let ended: Promise<void> | null = null
  const end = async (graceMs: number) => {
    const timer = setTimeout(() => {
      late = true
      for (const connection of open) cut(connection)
      listener.cut()
    }, graceMs)
    await Promise.all([listener.close(), pool.end()]).finally(() => clearTimeout(timer))
  }
  return Object.assign(rows as Sql, {
    pool,
    run: async (text: string) => void (await pool.query(text)),
    listen: listener.listen.bind(listener),
    end: (graceMs = 5000) => (ended ??= end(graceMs)),
  })
}
