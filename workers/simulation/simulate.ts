/**
 * One seed: machines with the product on a simulated database, people who use it, faults; then quiet, in which all must
 * end; and what the checker says of it.
 */
import { idleInTransactionMs } from '#db/client.ts'
import { attemptEnd, type AttemptEnd } from '../executors/executor.ts'
import { Checker, type Violation } from './checker/checker.ts'
import { allOver, checkLiveness, checkTicks } from './checker/at-end.ts'
import { Conservation } from './checker/conservation.ts'
import type { Behaviour } from './executor.ts'
import { Troublemaker } from './faults.ts'
import { History, type Entry } from './history.ts'
import { People } from './people.ts'
import { PoolMachine } from './pool-machine.ts'
import { Product, type Surroundings } from './product.ts'
import { Random } from './random.ts'
import { SimulatedDatabase } from './store/database.ts'
import type { Rows } from './store/tables.ts'
import { World } from './world.ts'

const epoch = Date.UTC(2026, 0, 5)
/** ms in which all must have ended once the faults are over: two leases, and the time that tasks may take. */
const boundMs = 300_000
/** ms in which code that was fenced is ended: its next heartbeat, and more. */
const fencedMs = 15_000
const longestPauseMs = 600_000
/** ms of quiet after which people cancel what still waits for its turn. */
const patienceMs = 10_000

export interface Simulated {
  seed: number
  violations: Violation[]
  entries: readonly Entry[]
  /** Events, ms of virtual time, starts of code, faults. */
  events: number
  virtualMs: number
  starts: number
  faults: number
}

/** What code does is a function of the seed and of the attempt, whatever else happens. */
function behaviourOf(random: Random): Behaviour {
  return () => {
    const ms = random.spread(random.chance(0.1) ? 15_000 : 1500)
    const failed = random.chance(0.25)
    const exitCode = failed ? random.pick([1, 1, 2, 3, 4]) : 0
    const end: AttemptEnd = failed
      ? { ...attemptEnd('failed', 'user_error', null), exitCode }
      : {
          ...attemptEnd('succeeded', null, null),
          exitCode,
          values: [
            { name: 'list', value: Array.from({ length: random.int(0, 3) }, (_, i) => i), declared: false },
          ],
        }
    return { ms, end }
  }
}

/** One deployment of four has a bound, which its machines could exceed together. */
const parallelismOf = (seed: number): number | null => (seed % 4 === 0 ? 1 + ((seed / 4) % 3) : null)

/** Does `work` again and again, at moments of chance, until virtual time `until`. */
function often(world: World, meanMs: number, until: number, work: () => void): void {
  world.after(world.random.spread(meanMs), null, () => {
    if (world.now > until) return
    work()
    often(world, meanMs, until, work)
  })
}

/** One or two machines with workers of the pool. Each queue has one that serves it. */
function poolOf(around: Surroundings, products: readonly Product[]): PoolMachine[] {
  const { random } = around.world
  return Array.from({ length: random.int(1, 2) }, (_, i) => {
    const queues = i === 0 ? ['far', 'default'] : random.pick([['far'], ['default'], ['other', 'far']])
    const given = { product: random.pick(products), queues, slots: random.int(1, 3) }
    return new PoolMachine('pq'[i] ?? '', around, given)
  })
}

export async function simulate(seed: number): Promise<Simulated> {
  const random = new Random(seed)
  const world = new World(random)
  const since = new Map<string, number>()
  const history = new History(world, (entry) => {
    checker.see(entry)
    if (entry.kind !== 'committed') return
    for (const { table, before, after } of entry.changes) {
      if (table === 'schedule' && before === undefined && after !== null) {
        const { dagId, cursor } = after as Rows['schedule']
        if (!since.has(dagId)) since.set(dagId, cursor.getTime())
      }
      if (!trouble || table !== 'attempt' || after === null) continue
      const { state, workerId, taskRunId } = after as Rows['attempt']
      if (state === 'submitted') people.markAtGate(taskRunId)
      if (state === 'running') troublemaker.atGate([entry.who, workerId])
    }
  })
  const database = new SimulatedDatabase(world, epoch, (what) => history.add({ kind: 'committed', ...what }))
  const parallelism = parallelismOf(seed)
  const checker = new Checker(database.tables, parallelism)
  let trouble = true
  const around: Surroundings = {
    world,
    database,
    history,
    behaviour: behaviourOf(random),
    parallelism,
    doubled: () => (trouble ? 0.1 : 0),
  }
  const products = Array.from({ length: random.int(2, 3) }, (_, i) => new Product('abc'[i] ?? '', around))
  const machines = poolOf(around, products)
  const people = new People(world, database, history)
  const troublemaker = new Troublemaker({ world, database, history, products, machines })
  people.settle(random.int(1, 2))
  database.idleMs = idleInTransactionMs
  troublemaker.turnWeather()
  const hosts = [...products, ...machines]
  for (const host of hosts) host.start()
  const troubleMs = random.int(8, 25) * 1000
  often(world, 5000, troubleMs, () => people.run())
  often(world, 12_000, troubleMs, () => people.cancel())
  often(world, 8000, troubleMs, () => people.byHand())
  often(world, 20_000, troubleMs, () => people.push())
  often(world, 20_000, troubleMs, () => people.resizePool())
  often(world, random.pick([1200, 3000, 10_000]), troubleMs, () => troublemaker.strike())
  await world.run(troubleMs)
  trouble = false
  troublemaker.calm()
  await world.run(world.now + longestPauseMs, () => !hosts.some(({ isPaused }) => isPaused))
  people.makeRoom()
  history.add({ kind: 'phase', text: 'the faults are over' })
  const conservation = new Conservation(checker, database.tables, products, parallelism)
  let over = false
  const patience = world.now + patienceMs
  const look = () => {
    if (world.now > patience) people.giveUp()
    conservation.look(world.now, world.now < database.heldUntil)
    over = allOver(database.tables)
    if (!over && checker.violations.length === 0) world.after(500, null, look)
  }
  look()
  await world.run(world.now + boundMs, () => over || checker.violations.length > 0)
  if (checker.violations.length === 0) {
    const codes = () => hosts.reduce((sum, { machine }) => sum + machine.codes.size, 0)
    await world.run(world.now + fencedMs, () => codes() === 0)
    checkLiveness(checker, database.tables, world.now, codes())
    checkTicks(checker, database.tables, world.now, people.dags, since)
  }
  // Nobody goes on with what is over.
  for (const { life } of hosts) if (life !== null) life.dead = true
  const count = (kind: Entry['kind']) => history.entries.filter((entry) => entry.kind === kind).length
  return {
    seed,
    violations: checker.violations,
    entries: history.entries,
    events: world.events,
    virtualMs: world.now,
    starts: count('code_started'),
    faults: count('fault') + count('jump'),
  }
}
