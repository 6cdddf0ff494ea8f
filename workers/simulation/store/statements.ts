/** The port's queries in memory: what each file here answers is what its namesake in db/queries answers. */
import type { Session } from '#db/scheduling-store.ts'
import type { Transaction } from './tables.ts'

/** A query as one statement on what a transaction sees. It locks before it writes, since it may be made again. */
type Statement<Query> = Query extends (...rest: infer Rest) => Promise<infer Answer>
  ? (tx: Transaction, ...rest: Rest) => Answer
  : never

export type Statements = { [Name in keyof Session]: Statement<Session[Name]> }

export const byTime =
  <Row>(of: (row: Row) => Date | null) =>
  (a: Row, b: Row) =>
    (of(a)?.getTime() ?? Infinity) - (of(b)?.getTime() ?? Infinity)

export const later = (date: Date, ms: number): Date => new Date(date.getTime() + ms)
