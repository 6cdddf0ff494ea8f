/**
 * A database for a simulation: transactions with row locks, deadlocks, NOTIFY, a clock that may jump. Each statement is
 * one moment of virtual time; between two of them anybody may come, and anybody may die. Faults are chances, which the
 * one who simulates sets.
 */
import type { SchedulingStore, Session } from '#db/scheduling-store.ts'
import type { Life, World } from '../world.ts'
import { attempts } from './attempts.ts'
import { items } from './items.ts'
import { poolWorkers } from './pool-workers.ts'
import { runs } from './runs.ts'
import { schedules } from './schedules.ts'
import type { Statements } from './statements.ts'
import { Blocked, newTables, StatementError, Transaction, type Change, type Tables } from './tables.ts'

const statements: Statements = { ...runs, ...items, ...attempts, ...poolWorkers, ...schedules }

type Send = (name: keyof Session, args: unknown[]) => Promise<unknown>
const sending = Symbol('sending')
/** As the driver says it. */
const noConnection = 'CONNECTION_CLOSED'
/** Every query as a method that sends it: sessions are many, and share them. */
const methods = Object.fromEntries(
  (Object.keys(statements) as (keyof Session)[]).map((name) => [
    name,
    function (this: { [sending]: Send }, ...args: unknown[]) {
      return this[sending](name, args)
    },
  ]),
)

export interface Chances {
  /** ms that a message takes, in the mean. */
  latency: number
  /** Of a statement: its connection breaks before it. */
  broken: number
  /** Of a commit: it is done, and nobody is told. */
  lostAnswer: number
  /** Of a notification: it is lost, or comes twice. */
  lostNote: number
  doubleNote: number
}

export const quiet: Chances = { latency: 1, broken: 0, lostAnswer: 0, lostNote: 0, doubleNote: 0 }

interface Pending {
  tx: Transaction
  /** Whether it is a transaction of its own. */
  alone: boolean
  life: Life
  name: string
  statement: (tx: Transaction) => unknown
  done: (value: unknown) => void
  failed: (error: Error) => void
}

interface Listener {
  life: Life
  channel: string
  heard: (payload: string) => void
  listening: () => void
  /** Its connection is lost, and not there again yet. */
  deaf: boolean
}

export interface Committed {
  who: string
  changes: Change[]
}

export class SimulatedDatabase {
  readonly tables: Tables = newTables()
  /** What it answers; a test may break one. */
  readonly statements: Statements = { ...statements }
  chances: Chances = quiet
  /** By how much its clock goes before virtual time; ms. */
  skew = 0
  /** ms after which it closes a transaction in which nothing happens. */
  idleMs = Infinity
  /** Until when a machine that is cut off may hold locks; ms of virtual time. */
  heldUntil = 0
  readonly #world: World
  readonly #epoch: number
  readonly #committed: (what: Committed) => void
  readonly #locks = new Map<string, Transaction>()
  readonly #open = new Map<Transaction, Life>()
  readonly #waiting = new Map<Transaction, Pending[]>()
  #listeners: Listener[] = []
  #ids = 0

  constructor(world: World, epoch: number, committed: (what: Committed) => void) {
    this.#world = world
    this.#epoch = epoch
    this.#committed = committed
  }

  clock(): number {
    return this.#epoch + this.#world.now + this.skew
  }

  #begin(who: string): Transaction {
    return new Transaction(who, {
      tables: this.tables,
      locks: this.#locks,
      clock: () => this.clock(),
      newId: (table) => `${table}-${++this.#ids}`,
    })
  }

  #message(): number {
    return this.#world.random.spread(this.chances.latency)
  }

  /** The port, as one process has it. */
  storeFor(life: Life): SchedulingStore {
    return Object.assign(this.#session(life, null), {
      transaction: async <T>(work: (tx: Session) => Promise<T>): Promise<T> => {
        const tx = this.#begin(life.name)
        this.#open.set(tx, life)
        try {
          const value = await work(this.#session(life, tx))
          await this.#finish(life, tx, true)
          return value
        } catch (error) {
          if (!tx.over) await this.#finish(life, tx, false)
          throw error
        }
      },
      listen: (channel: string, heard: (payload: string) => void, listening = () => {}) => {
        const listener = { life, channel, heard, listening, deaf: false }
        this.#listeners.push(listener)
        listening()
        return Promise.resolve(() => {
          this.#listeners = this.#listeners.filter((one) => one !== listener)
          return Promise.resolve()
        })
      },
    })
  }

  #session(life: Life, tx: Transaction | null): Session {
    const send: Send = (name, args) => this.#send(life, tx, name, args)
    return Object.assign(Object.create(methods) as Session, { [sending]: send })
  }

  #send(life: Life, tx: Transaction | null, name: keyof Session, args: unknown[]): Promise<unknown> {
    const query = this.statements[name] as (tx: Transaction, ...args: unknown[]) => unknown
    const statement = (on: Transaction) => query(on, ...args)
    return new Promise((done, failed) => {
      const pending = {
        tx: tx ?? this.#begin(life.name),
        alone: tx === null,
        life,
        name,
        statement,
        done,
        failed,
      }
      this.#world.after(this.#message(), null, () => this.#execute(pending))
    })
  }

  /** Somebody changes something without the scheduler's queries. */
  change(life: Life, statement: (tx: Transaction) => void): void {
    const ignored = () => {}
    this.#execute({
      tx: this.#begin(life.name),
      alone: true,
      life,
      name: 'change',
      statement,
      done: ignored,
      failed: ignored,
    })
  }

  #answer({ life }: { life: Life }, told: () => void): void {
    this.#world.after(this.#message(), life, told)
  }

  #refuse(pending: Pending, why: string, code: string | null = null): void {
    this.#undo(pending.tx)
    const error = new StatementError(`${pending.name}: ${why}`, code)
    this.#answer(pending, () => pending.failed(error))
  }

  #execute(pending: Pending): void {
    const { tx, alone } = pending
    tx.waitsFor = null
    if (tx.over) return this.#refuse(pending, 'the connection is closed', noConnection)
    if (this.#world.random.chance(this.chances.broken))
      return this.#refuse(pending, 'the connection broke', noConnection)
    let value: unknown
    try {
      value = pending.statement(tx)
    } catch (error) {
      if (error instanceof Blocked) return this.#wait(pending, error.holder)
      return this.#refuse(pending, error instanceof Error ? error.message : String(error))
    }
    if (alone) {
      this.#commit(tx)
      if (this.#world.random.chance(this.chances.lostAnswer))
        return this.#answer(pending, () =>
          pending.failed(new StatementError(`${pending.name}: the connection broke`, noConnection)),
        )
    }
    this.#answer(pending, () => pending.done(value))
  }

  #wait(pending: Pending, holder: Transaction): void {
    for (let next: Transaction | null = holder; next !== null; next = next.waitsFor)
      if (next === pending.tx) return this.#refuse(pending, 'deadlock detected', '40P01')
    pending.tx.waitsFor = holder
    const queue = this.#waiting.get(holder)
    if (queue === undefined) this.#waiting.set(holder, [pending])
    else queue.push(pending)
  }

  #finish(life: Life, tx: Transaction, commit: boolean): Promise<void> {
    return new Promise((done, failed) => {
      this.#world.after(this.#message(), null, () => {
        const { random } = this.#world
        const broke = () =>
          this.#answer({ life }, () => failed(new StatementError('commit: no answer', noConnection)))
        if (!commit || tx.over || random.chance(this.chances.broken)) {
          const closed = tx.over || commit
          this.#undo(tx)
          return closed ? broke() : this.#answer({ life }, done)
        }
        this.#commit(tx)
        return random.chance(this.chances.lostAnswer) ? broke() : this.#answer({ life }, done)
      })
    })
  }

  #commit(tx: Transaction): void {
    const changes = tx.changes()
    const notes = [...tx.notes.values()]
    tx.end(true)
    // It is told of as it is, before anybody who waited for it goes on.
    if (changes.length > 0) this.#committed({ who: tx.who, changes })
    this.#letGoOn(tx)
    for (const [channel, payload] of notes)
      for (const listener of this.#listeners)
        if (listener.channel === channel && !listener.deaf) this.#tell(listener, payload)
  }

  #tell({ life, heard }: Listener, payload: string): void {
    const { random } = this.#world
    const times = random.chance(this.chances.lostNote) ? 0 : random.chance(this.chances.doubleNote) ? 2 : 1
    for (let i = 0; i < times; i++) this.#world.after(this.#message(), life, () => heard(payload))
  }

  #undo(tx: Transaction): void {
    if (!tx.over) tx.end(false)
    this.#letGoOn(tx)
  }

  #letGoOn(tx: Transaction): void {
    this.#open.delete(tx)
    const queue = this.#waiting.get(tx) ?? []
    this.#waiting.delete(tx)
    for (const pending of queue) this.#execute(pending)
  }

  /** Its connections are closed: what it has not committed is undone. */
  disconnect(life: Life): void {
    for (const [tx, owner] of this.#open) if (owner === life) this.#undo(tx)
    if (life.dead) this.#listeners = this.#listeners.filter((one) => one.life !== life)
  }

  /** It is killed and comes back: nothing that was not committed is there, and who listened has to come again. */
  restart(): void {
    for (const tx of this.#open.keys()) this.#undo(tx)
    for (const listener of this.#listeners) {
      listener.deaf = true
      this.#world.after(this.#world.random.spread(500), listener.life, () => {
        listener.deaf = false
        listener.listening()
      })
    }
  }
}
