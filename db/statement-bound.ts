/** A Postgres that takes a statement and never answers is waited for no longer than a while. */
import type pg from 'pg'
import { cut } from './listener.ts'

type Held = pg.PoolClient & { query: (...given: unknown[]) => Promise<pg.QueryResult> }
type Given = readonly unknown[]

/**
 * Bounds how long a statement of a connection may go without its answer: then the connection is cut, since nothing that
 * comes on it later could be told apart.
 */
export function boundStatements(connection: pg.PoolClient, ms: number): void {
  const held = connection as Held
  const query = held.query.bind(held) as (...given: Given) => Promise<pg.QueryResult> | undefined
  const silent = () => cut(connection, new Error(`Postgres did not answer a statement within ${ms / 1000} s`))
  const bounded = (...given: Given) => {
    const timer = setTimeout(silent, ms)
    const over = () => clearTimeout(timer)
    const last = given.at(-1)
    if (typeof last !== 'function') {
      const result = query(...given)
      result?.then(over, over)
      return result
    }
    return query(...given.slice(0, -1), (...came: Given) => {
      over()
      last(...came)
    })
  }
  held.query = bounded as Held['query']
}
