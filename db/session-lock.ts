/** A lock that one process of all on a database has, for as long as its connection lives. */
import type pg from 'pg'
import { openSql, type Sql } from './sql.ts'

export class SessionLock {
  readonly #key: number
  readonly #sql: Sql
  /** The connection that has it; null where another's has it. It is kept: a pool ends those that idle. */
  #holder: pg.PoolClient | null = null

  /** @param key of the advisory lock: a constant that nothing else in the database locks */
  constructor(url: string, key: number, applicationName: string) {
    this.#key = key
    this.#sql = openSql(url, { max: 1, applicationName })
  }

  /** Whether it is ours: it was, or nobody had it. @throws when the database cannot be asked */
  async isOurs(): Promise<boolean> {
    if (this.#holder !== null) return true
    const connection = await this.#sql.pool.connect()
    try {
      const { rows } = await connection.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [
        this.#key,
      ])
      if (rows[0]?.held === true) {
        connection.once('end', () => (this.#holder = null))
        this.#holder = connection
        return true
      }
    } catch (error) {
      connection.release(true)
      throw error
    }
    connection.release()
    return false
  }

  /** Gives it up. */
  async close(graceMs: number): Promise<void> {
    this.#holder?.release(true)
    await this.#sql.end(graceMs)
  }
}
