/** Why a queued task run is not claimed: the limits as the claim asks them, with who holds the places. Pure. */
import { whyFull, type FullDisk } from '../../space.ts'
import type { WarmReport } from '../../pod/cluster-report.ts'
import { clusterOfQueue, clusterOfWarmQueue } from '../deployment.ts'
import { freeSlots, hasPlace, hasSlots, type PoolUse } from '../claim.ts'
import { noScheduler } from './run.ts'
import { listed, nameOf, say, taskPart, type Part, type Why } from './sentence.ts'

/** A task run that holds a place. */
export interface Holder {
  repo: string
  dag: string
  run: number
  task: string
  key: string | null
}

export interface QueueFacts {
  dag: string
  /** Of a `map`: `max_parallel`, how many items run, and some of them. */
  maxParallel: number | null
  activeItems: number
  activeItemHolders: readonly { task: string; key: string | null }[]
  /** `max_active_tasks` of its version, how many there are, and some of them. */
  maxActiveTasks: number | null
  activeTasks: number
  activeHolders: readonly Holder[]
  /** Of the deployment: task runs that may be active at once (null: any number), how many are, and some of its team's. */
  parallelism: number | null
  everywhere: number
  everywhereHolders: readonly Holder[]
  /** Its pool: its use, some of who hold its slots, and how many hold some. */
  pool: (PoolUse & { name: string; holders: readonly Holder[]; holding: number }) | null
  /** What it takes of the pool. */
  slots: number
  /** Processes that schedule and are heard of. */
  schedulers: number
  /** The name of its queue; null when it is for the product's own machine. */
  queue: string | null
  /** Whether tasks may be processes of the product's own machine. */
  processes: boolean
  /** Those that take what lies there. */
  workers: Workers
  /**
   * Of the queue of an image: its workers, as whoever looks after their cluster told last; null: nothing is told of them; `none`: the
   * cluster has no such workers any more.
   */
  warm: WarmReport | 'none' | null
  /** The disk that refuses new work. */
  full: FullDisk | null
  /** Of a queue whose workers all have a full disk: one of them. */
  fullMachine: FullMachine | null
}

/** A worker of the pool that takes nothing new until its disk has room. */
export interface FullMachine {
  machine: string
  disk: FullDisk
}

/** Processes that are heard of: places of theirs, how many are taken, and some of who hold them. */
export interface Workers {
  alive: number
  places: number
  taken: number
  holders: readonly Holder[]
}

const holderPart = ({ repo, dag, run, task, key }: Holder): Part => ({
  text: `${dag} run ${run} ${nameOf({ task, key })}`,
  to: { kind: 'run', repo, dag, number: run, task, key },
})

const poolsPart = (text: string): Part => ({ text, to: { kind: 'pools' } })

function whyPool({ pool, slots }: QueueFacts): Why | null {
  if (pool === null || hasSlots(pool, slots)) return null
  const name = poolsPart(`pool ${pool.name}`)
  if (pool.slots === null) return say`There is no ${name}: it waits until somebody makes it.`
  if (pool.slots < slots)
    return say`It takes ${slots} slots of ${name}, which has ${pool.slots}: it waits until the pool has more.`
  const who = listed(pool.holders.map(holderPart), pool.holding)
  const free = Math.max(0, freeSlots(pool))
  const full = free === 0 ? 'is full' : `has ${free} free, and it takes ${slots}`
  return say`The ${name} ${full}: ${pool.used} of ${pool.slots} slots are held by ${who}.`
}

function whyParallelism({ parallelism, everywhere, everywhereHolders }: QueueFacts): Why | null {
  if (hasPlace(parallelism, everywhere)) return null
  const who =
    everywhereHolders.length === 0
      ? ['tasks of other teams']
      : listed(everywhereHolders.map(holderPart), everywhere)
  return say`As many tasks of this Dagbok run as may at once (DAGBOK_PARALLELISM ${parallelism ?? 0}): ${who}.`
}

function whyLimits(facts: QueueFacts): Why | null {
  const { maxParallel, activeItems, activeItemHolders, maxActiveTasks, activeTasks, activeHolders, dag } =
    facts
  if (!hasPlace(maxParallel, activeItems)) {
    const items = activeItemHolders.map(({ task, key }) => taskPart(task, key))
    return say`As many items of it run as may at once (max_parallel ${maxParallel ?? 0}): ${listed(items, activeItems)}.`
  }
  if (!hasPlace(maxActiveTasks, activeTasks))
    return say`As many tasks of this version of ${dag} run as may at once (max_active_tasks ${maxActiveTasks ?? 0}): ${listed(activeHolders.map(holderPart), activeTasks)}.`
  return whyParallelism(facts)
}

const heldWords = (warm: QueueFacts['warm']): string =>
  warm === 'none' || warm?.held == null ? '' : ` (${warm.held})`

function whyNoPlace({ queue, warm, workers: { alive, places, taken, holders } }: QueueFacts): Why | null {
  if (places === 0 || taken < places) return null
  const cluster = clusterOfQueue(queue ?? '')
  if (cluster !== null)
    return say`As many pods of cluster ${cluster} run as may at once: ${taken} of ${places}, of ${holders.length === 0 ? 'other teams' : listed(holders.map(holderPart), taken)}.`
  const isWarm = clusterOfWarmQueue(queue ?? '') !== null
  const those = alive === 1 ? 'the worker' : `${queue === null ? '' : 'the '}${alive} workers`
  const serves = ` that ${alive === 1 ? 'serves' : 'serve'} its queue ${queue}`
  const serve = queue === null ? '' : isWarm ? ` of its image${heldWords(warm)}` : serves
  const who = holders.length === 0 ? ['tasks of other teams'] : listed(holders.map(holderPart), taken)
  return say`Nothing is free: ${taken} of ${places} places of ${those}${serve} are taken by ${who}.`
}

/** Its image has no worker yet. */
function whyNotWarm(cluster: string, warm: WarmReport | 'none' | null): Why {
  if (warm === 'none')
    return say`Cluster ${cluster} has no workers in images any more: cancel the run, and start it anew.`
  if (warm === null) return say`Cluster ${cluster} is asked for a worker of its image.`
  const image = warm.image ?? 'its image'
  if (warm.held !== null) return say`Cluster ${cluster} has no worker of ${image} yet. ${warm.held}`
  return say`Cluster ${cluster} starts a worker of ${image}.`
}

export function whyQueued(facts: QueueFacts): Why {
  const { schedulers, full, queue, workers, fullMachine } = facts
  if (schedulers === 0) return noScheduler
  if (full !== null) return [whyFull(full)]
  const cluster = clusterOfQueue(queue ?? '')
  if (cluster !== null && workers.alive === 0)
    return say`Nobody looks after a cluster ${cluster}: whoever runs this Dagbok adds it to the file that DAGBOK_CLUSTERS_FILE names.`
  const warmAt = clusterOfWarmQueue(queue ?? '')
  if (warmAt !== null && workers.alive === 0) return whyNotWarm(warmAt, facts.warm)
  if (queue === null && !facts.processes)
    return [
      'This Dagbok runs no tasks on its own machine: give the task `executor: kubernetes`, or `pool`, in a new version.',
    ]
  // What looks after clusters is heard of a little longer than the process that it is in.
  if (queue === null && workers.alive === 0) return noScheduler
  if (queue !== null && workers.alive === 0)
    return say`No worker serves its queue ${queue}: start one with \`dagbok worker --queue ${queue}\`.`
  if (fullMachine !== null)
    return [`Nothing starts on ${fullMachine.machine} now. ${whyFull(fullMachine.disk)}`]
  return whyLimits(facts) ?? whyPool(facts) ?? whyNoPlace(facts) ?? ['A worker takes it in a moment.']
}
