/** A process that simulates seeds, of the product or of a mutant, and tells its parent of each that breaks a promise. */
import type { Violation } from './checker/checker.ts'
import { mutants } from './mutants.ts'
import { mutate } from './mutate.ts'

export interface Task {
  from: number
  to: number
  /** Simulates every `step`-th. */
  step: number
  mutant: string | null
  /** Ends with the first seed in which one of these is broken; null goes on. */
  until: Violation['promise'][] | null
}

export type Message =
  | { kind: 'broken'; seed: number; violations: Violation[] }
  | { kind: 'done'; seeds: number; starts: number; faults: number; events: number; virtualMs: number }

const task = JSON.parse(process.argv[2] ?? '') as Task
// Locks are waited for by exceptions, which need no stack.
Error.stackTraceLimit = 0
const tell = (message: Message) =>
  new Promise<void>((done) => {
    if (process.send === undefined) done()
    else process.send(message, () => done())
  })

const mutant = mutants.find(({ name }) => name === task.mutant)
if (mutant !== undefined) mutate(mutant)
// After the cuts: a mutant is loaded with them.
const { simulate } = await import('./simulate.ts')
const done = { kind: 'done' as const, seeds: 0, starts: 0, faults: 0, events: 0, virtualMs: 0 }
let seed = task.from
// A fault of the simulation, or what the product let nobody catch: the seed is told as any that is broken.
async function giveUp(error: unknown): Promise<void> {
  const text = error instanceof Error ? error.message : String(error)
  await tell({ kind: 'broken', seed, violations: [{ promise: 'simulation', at: 0, text }] })
  await tell(done)
  process.exit()
}
process.on('uncaughtException', (error) => void giveUp(error))
for (; seed <= task.to; seed += task.step) {
  const { violations, starts, faults, events, virtualMs } = await simulate(seed)
  done.seeds++
  done.starts += starts
  done.faults += faults
  done.events += events
  done.virtualMs += virtualMs
  if (violations.length === 0) continue
  await tell({ kind: 'broken', seed, violations })
  if (task.until !== null && violations.some(({ promise }) => task.until?.includes(promise) === true)) break
}
await tell(done)
process.exit()
