/** For tests of why something is not running. */
import type { QueueFacts } from './queue.ts'

/** A queue in which nothing holds anything back. */
export const freeQueue: QueueFacts = {
  dag: 'iris',
  maxParallel: null,
  activeItems: 0,
  activeItemHolders: [],
  maxActiveTasks: null,
  activeTasks: 0,
  activeHolders: [],
  parallelism: null,
  everywhere: 0,
  everywhereHolders: [],
  pool: null,
  slots: 1,
  schedulers: 1,
  queue: null,
  processes: true,
  workers: { alive: 1, places: 4, taken: 0, holders: [] },
  warm: null,
  full: null,
  fullMachine: null,
}
