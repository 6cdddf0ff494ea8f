/** Mutants of the pool: of its desk, and of its workers. */
import type { Mutant } from './mutants.ts'

const pool = 'workers/executors/pool'

export const poolMutants: Mutant[] = [
  {
    name: 'the start gate of the pool opens for another process of the same attempt',
    breaks: ['R1'],
    cuts: [
      {
        file: `${pool}/clerk.ts`,
        find: ' && canonicalJson(now.handle ?? null) === canonicalJson(handle)',
        put: '',
      },
    ],
  },
  {
    name: 'a worker of the pool believes an answer of the start gate however late it comes',
    breaks: ['R1', 'R17'],
    cuts: [
      {
        file: `${pool}/remote-sink.ts`,
        find: 'return passed && !this.#isOver(token)',
        put: 'return passed',
      },
      {
        file: 'workers/simulation/executor.ts',
        find: 'if (passed && world.now - asked > gateMs)',
        put: 'if (asked < 0)',
      },
    ],
  },
  {
    name: 'the desk keeps the places of attempts of the pool that are over',
    breaks: ['R2', 'R4'],
    cuts: [{ file: `${pool}/roster.ts`, find: 'this.#scheduler.released(token)', put: 'void token' }],
  },
]
