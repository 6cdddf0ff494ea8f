/** The tables that scheduling reads and writes, in memory, with the columns of the schema; and what a transaction sees. */
import type { attempt, dagSchedule, intervention, run, taskRun } from '#db/schema/index.ts'
import type { AttemptResults } from '#db/queries/attempt.ts'
import type { Subscription } from '#db/queries/trigger.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { FullDisk } from '#server/domain/space.ts'

export interface Rows {
  run: typeof run.$inferSelect
  taskRun: typeof taskRun.$inferSelect
  attempt: typeof attempt.$inferSelect & { results: AttemptResults | null }
  intervention: typeof intervention.$inferSelect
  schedule: typeof dagSchedule.$inferSelect
  dag: {
    id: string
    teamId: string
    repositoryId: string
    repo: string
    name: string
    nextRunNumber: number
    pausedAt: Date | null
    scheduledVersionId: string | null
    scheduledSince: Date | null
    subscriptions: readonly Subscription[]
  }
  /** By DAG: the version at the tip of its default branch. */
  tip: { id: string; versionId: string }
  version: { id: string; dagId: string; number: number; spec: Spec }
  pool: { id: string; teamId: string; name: string; slots: number }
  worker: {
    id: string
    host: string
    tokenId: string | null
    queues: string[]
    fullDisk: FullDisk | null
    drainingAt: Date | null
    stoppedAt: Date | null
  }
  event: { id: string; runId: string; task: string | null }
}
export type TableName = keyof Rows

export const tableNames = [
  'run',
  'taskRun',
  'attempt',
  'intervention',
  'schedule',
  'dag',
  'version',
  'tip',
  'pool',
  'worker',
  'event',
] as const satisfies readonly TableName[]

/** What is committed. */
export type Tables = { [Name in TableName]: Map<string, Rows[Name]> }

export const newTables = (): Tables =>
  Object.fromEntries(tableNames.map((name) => [name, new Map()])) as unknown as Tables

/** Somebody else holds the lock: the statement waits, and is then made again from its beginning. */
export class Blocked extends Error {
  readonly holder: Transaction

  constructor(holder: Transaction) {
    super('blocked')
    this.holder = holder
  }
}

/** What Postgres answers with an error; the transaction is over. */
export class StatementError extends Error {
  /** As of Postgres or its driver, where somebody asks for it. */
  readonly code: string | null

  constructor(message: string, code: string | null = null) {
    super(message)
    this.code = code
  }
}

export interface Change {
  table: TableName
  id: string
  before: Rows[TableName] | undefined
  after: Rows[TableName] | null
}

/**
 * A transaction, READ COMMITTED: it sees what is committed, and its own writes. Rows that it writes or locks are its own
 * until its end.
 */
export class Transaction {
  readonly who: string
  readonly #tables: Tables
  readonly #locks: Map<string, Transaction>
  readonly #clock: () => number
  readonly #newId: (table: string) => string
  readonly #writes = new Map<TableName, Map<string, Rows[TableName] | null>>()
  readonly held = new Set<string>()
  readonly notes = new Map<string, [channel: string, payload: string]>()
  /** Whom its statement waits for. */
  waitsFor: Transaction | null = null
  over = false

  constructor(
    who: string,
    shared: {
      tables: Tables
      locks: Map<string, Transaction>
      clock: () => number
      newId: (table: string) => string
    },
  ) {
    this.who = who
    this.#tables = shared.tables
    this.#locks = shared.locks
    this.#clock = shared.clock
    this.#newId = shared.newId
  }

  now(): Date {
    return new Date(this.#clock())
  }

  newId(table: string): string {
    return this.#newId(table)
  }

  get<Name extends TableName>(table: Name, id: string): Rows[Name] | undefined {
    const own = this.#writes.get(table)?.get(id)
    if (own === null) return undefined
    return (own as Rows[Name] | undefined) ?? this.#tables[table].get(id)
  }

  all<Name extends TableName>(table: Name): Rows[Name][] {
    return this.where(table, () => true)
  }

  where<Name extends TableName>(table: Name, holds: (row: Rows[Name]) => boolean): Rows[Name][] {
    const own = this.#writes.get(table) as Map<string, Rows[Name] | null> | undefined
    const out: Rows[Name][] = []
    for (const row of this.#tables[table].values() as Iterable<Rows[Name]>)
      if (own?.has(row.id) !== true && holds(row)) out.push(row)
    for (const row of own?.values() ?? []) if (row !== null && holds(row)) out.push(row)
    return out
  }

  /** @throws Blocked */
  lock(key: string): void {
    const holder = this.#locks.get(key)
    if (holder === this) return
    if (holder !== undefined) throw new Blocked(holder)
    this.#locks.set(key, this)
    this.held.add(key)
  }

  /** Locks a row and reads it as it then is. */
  lockRow<Name extends TableName>(table: Name, id: string): Rows[Name] | undefined {
    if (this.get(table, id) === undefined) return undefined
    this.lock(`${table} ${id}`)
    return this.get(table, id)
  }

  /** Locks the rows of a condition, one after the other. */
  lockWhere<Name extends TableName>(table: Name, holds: (row: Rows[Name]) => boolean): Rows[Name][] {
    for (const row of this.where(table, holds)) this.lock(`${table} ${row.id}`)
    return this.where(table, holds)
  }

  /** Of an index without doubles: whoever inserts the same key waits for the end of this transaction. */
  insert<Name extends TableName>(table: Name, row: Rows[Name], unique: string | null = null): void {
    if (unique !== null) this.lock(`${table} unique ${unique}`)
    this.lock(`${table} ${row.id}`)
    this.#put(table, row.id, row)
  }

  /** Merges into a row that is locked. */
  update<Name extends TableName>(table: Name, id: string, patch: Partial<Rows[Name]>): void {
    const row = this.lockRow(table, id)
    if (row === undefined) return
    const next = { ...row, ...patch }
    guard(table, row as Partial<Rows['run']>, next as Partial<Rows['run']>)
    this.#put(table, id, next)
  }

  remove(table: TableName, id: string): void {
    this.lock(`${table} ${id}`)
    this.#put(table, id, null)
  }

  notify(channel: string, payload: string): void {
    this.notes.set(`${channel} ${payload}`, [channel, payload])
  }

  #put(table: TableName, id: string, row: Rows[TableName] | null): void {
    let own = this.#writes.get(table)
    if (own === undefined) this.#writes.set(table, (own = new Map()))
    own.set(id, row)
  }

  changes(): Change[] {
    return [...this.#writes].flatMap(([table, rows]) =>
      [...rows].map(([id, after]) => ({ table, id, before: this.#tables[table].get(id), after })),
    )
  }

  /** Makes the writes everybody's, or drops them; its locks are free. */
  end(committed: boolean): void {
    if (committed)
      for (const { table, id, after } of this.changes()) {
        const rows = this.#tables[table] as Map<string, Rows[TableName]>
        if (after === null) rows.delete(id)
        else rows.set(id, after)
      }
    for (const key of this.held) this.#locks.delete(key)
    this.held.clear()
    this.#writes.clear()
    this.over = true
  }
}

const terminal: Partial<Record<TableName, readonly string[]>> = {
  run: ['succeeded', 'failed', 'cancelled'],
  taskRun: ['succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled'],
  attempt: ['succeeded', 'failed', 'lost', 'cancelled'],
}

/** What migrations hold: a terminal state is final, and has its time; a retry has its due time. */
function guard(table: TableName, before: Partial<Rows['run']>, after: Partial<Rows['run']>): void {
  const ends = terminal[table]
  if (ends === undefined) return
  const from = before.state ?? ''
  const to = after.state ?? ''
  if (ends.includes(from) && from !== to)
    throw new StatementError(`a terminal state is final: ${table} cannot go from ${from} to ${to}`)
  if (ends.includes(to) !== (after.endedAt !== null))
    throw new StatementError(`${table}: an end has its time, and nothing else has`)
  if ((to as string) === 'retrying' && after.dueAt === null)
    throw new StatementError('a retry has its due time')
}
