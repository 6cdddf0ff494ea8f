/** Simulates many seeds, in a process per core. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Violation } from './checker/checker.ts'
import type { Mutant } from './mutants.ts'
import type { Message, Task } from './seeds.ts'

export interface Broken {
  seed: number
  violations: Violation[]
}

interface Part {
  seeds: number
  starts: number
  faults: number
  events: number
  virtualMs: number
  broken: Broken[]
}

export interface Ran extends Part {
  ms: number
}

interface Watch {
  /** Is told of each broken seed at once. */
  broke: (one: Broken) => void
  /** Gives up. */
  signal?: AbortSignal
}

/** @throws Error when the process ends without having done its part, and was not given up */
async function part(task: Task, { broke, signal }: Watch): Promise<Part> {
  const child = fork(join(import.meta.dirname, 'seeds.ts'), [JSON.stringify(task)])
  const ran: Part = { seeds: 0, starts: 0, faults: 0, events: 0, virtualMs: 0, broken: [] }
  let finished = false
  child.on('message', (message: Message) => {
    if (message.kind === 'broken') {
      const { seed, violations } = message
      ran.broken.push({ seed, violations })
      broke({ seed, violations })
    } else {
      finished = true
      const { seeds, starts, faults, events, virtualMs } = message
      Object.assign(ran, { seeds, starts, faults, events, virtualMs })
    }
  })
  const giveUp = () => child.kill()
  signal?.addEventListener('abort', giveUp)
  const [code] = (await once(child, 'close')) as [number | null]
  signal?.removeEventListener('abort', giveUp)
  if (!finished && signal?.aborted !== true)
    throw new Error(`a simulation of seeds ${task.from}… ended with ${code}, and without a verdict`)
  return ran
}

/** Seeds `from` … `from + count − 1`, each as the product is. */
export async function runSeeds(from: number, count: number, watch: Watch): Promise<Ran> {
  const step = Math.max(1, Math.min(availableParallelism(), count))
  const to = from + count - 1
  const start = performance.now()
  const parts = await Promise.all(
    Array.from({ length: step }, (_, i) =>
      part({ from: from + i, to, step, mutant: null, until: null }, watch),
    ),
  )
  const sum = (of: Exclude<keyof Part, 'broken'>) => parts.reduce((all, one) => all + one[of], 0)
  return {
    seeds: sum('seeds'),
    starts: sum('starts'),
    faults: sum('faults'),
    events: sum('events'),
    virtualMs: sum('virtualMs'),
    broken: parts.flatMap(({ broken }) => broken).sort((a, b) => a.seed - b.seed),
    ms: performance.now() - start,
  }
}

interface Caught {
  /** How many seeds it took; null when it was not caught. */
  after: number | null
  by: Violation | null
}

/** Simulates a mutant until it breaks one of its promises, `most` seeds at most. */
export async function hunt(mutant: Mutant, most: number): Promise<Caught> {
  const task: Task = { from: 1, to: most, step: 1, mutant: mutant.name, until: mutant.breaks }
  const { broken } = await part(task, { broke: () => {} })
  for (const { seed, violations } of broken) {
    const by = violations.find(({ promise }) => mutant.breaks.includes(promise))
    if (by !== undefined) return { after: seed, by }
  }
  return { after: null, by: null }
}
