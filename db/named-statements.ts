/**
 * Gives the statements of a connection their names, and recovers where the server does not know one that the driver takes
 * for known: after a value that could not be sent (the driver has the server forget the statement, and does not note it),
 * after `DISCARD ALL` or `DEALLOCATE`, and where a pooler has put another connection behind this one.
 */
import type pg from 'pg'
import type { StatementNames } from './statement-names.ts'

/** What the driver keeps of a connection: texts by name. */
interface Known {
  parsedStatements?: Record<string, string>
  submittedNamedStatements?: Record<string, string>
}
type Named = Omit<pg.PoolClient, 'query'> & { connection?: Known; query: (...given: unknown[]) => unknown }
type Callback = (error: Error | null | undefined, result?: pg.QueryResult) => void

/** There is no statement of this name; there is one already, which the driver of another connection has made. */
const unknownName = '26000'
const takenName = '42P05'
/** A statement before it has failed: nothing more is done in this transaction. */
const aborted = '25P02'

const codeOf = (error: unknown) => (error as { code?: unknown } | null | undefined)?.code
/** Whether it failed for its name alone: it has done nothing. */
const failedByName = (error: unknown) => [unknownName, takenName].includes(String(codeOf(error)))
/** Whether the server has refused it, so that the driver knows what became of its name. */
const isOfServer = (error: unknown) => /^[0-9A-Z]{5}$/.test(String(codeOf(error)))

export const textOf = (given: unknown): unknown =>
  typeof given === 'string' ? given : (given as { text?: unknown }).text

/** @param names shared by all connections of a process */
export function nameStatements(connection: pg.PoolClient, names: StatementNames): void {
  const held = connection as Named
  const query = held.query.bind(held)
  /** Names that the driver may take for known, and the server may not. */
  const doubtful = new Set<string>()
  const forget = (name: string) => {
    delete held.connection?.parsedStatements?.[name]
    delete held.connection?.submittedNamedStatements?.[name]
  }
  /** Whether the same is asked once more without its name: what failed by it was not done. */
  const isAskedAgain = (error: unknown, name: string): boolean => {
    if (error != null && !isOfServer(error)) doubtful.add(name)
    if (!failedByName(error)) return false
    forget(name)
    names.failed()
    return true
  }
  /** In a transaction nothing can be asked again: it is undone, and its caller may begin it anew. */
  const told = (first: unknown, again: unknown) => (codeOf(again) === aborted ? first : again) as Error

  held.query = (statement: unknown, ...rest: unknown[]) => {
    const text = typeof statement === 'string' ? undefined : textOf(statement)
    const name = typeof text === 'string' ? names.of(text) : undefined
    if (name === undefined) return query(statement, ...rest)
    if (doubtful.delete(name)) forget(name)
    const named = { ...(statement as object), name }
    const done = rest.at(-1)
    if (typeof done !== 'function')
      return (query(named, ...rest) as Promise<unknown>).catch((error: unknown) => {
        if (!isAskedAgain(error, name)) throw error
        return (query(statement, ...rest) as Promise<unknown>).catch((again: unknown) => {
          throw told(error, again)
        })
      })
    const given = rest.slice(0, -1)
    const answer = done as Callback
    return query(named, ...given, ((error, result) => {
      if (!isAskedAgain(error, name)) return answer(error, result)
      query(statement, ...given, ((again, late) =>
        again == null ? answer(again, late) : answer(told(error, again))) satisfies Callback)
    }) satisfies Callback)
  }
}
