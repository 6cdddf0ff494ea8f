/** Why a queued task run is not claimed: the limits as the claim asks them, with who holds the places. Pure. */
import { whyFull, type FullDisk } from '../../space.ts'
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
  /** Its pool: its use, some of who hold its slots, and how many hold some. */
  pool: (PoolUse & { name: string; holders: readonly Holder[]; holding: number }) | null
  /** What it takes of the pool. */
  slots: number
  workers: Workers
  /** The disk that refuses new work. */
  full: FullDisk | null
  /** Its queue, when no worker of the pool serves it. */
  unserved: string | null
  /** Of a queue whose workers all have a full disk: one of them. */
  fullMachine: FullMachine | null
}

/** A worker of the pool that takes nothing new until its disk has room. */
export interface FullMachine {
  machine: string
  disk: FullDisk
}

/** Processes that are heard of: places of theirs, and how many are taken. */
export interface Workers {
  alive: number
  places: number
  taken: number
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

function whyLimits(facts: QueueFacts): Why | null {
  const { maxParallel, activeItems, activeItemHolders, maxActiveTasks, activeTasks, activeHolders, dag } =
    facts
  if (!hasPlace(maxParallel, activeItems)) {
    const items = activeItemHolders.map(({ task, key }) => taskPart(task, key))
    return say`As many items of it run as may at once (max_parallel ${maxParallel ?? 0}): ${listed(items, activeItems)}.`
  }
  if (!hasPlace(maxActiveTasks, activeTasks))
    return say`As many tasks of this version of ${dag} run as may at once (max_active_tasks ${maxActiveTasks ?? 0}): ${listed(activeHolders.map(holderPart), activeTasks)}.`
  return null
}

export function whyQueued(facts: QueueFacts): Why {
  const { alive, places, taken } = facts.workers
  if (alive === 0) return noScheduler
  if (facts.full !== null) return [whyFull(facts.full)]
  if (facts.unserved !== null)
    return say`No worker serves its queue ${facts.unserved}: start one with \`dagbok worker --queue ${facts.unserved}\`.`
  if (facts.fullMachine !== null)
    return [`Nothing starts on ${facts.fullMachine.machine} now. ${whyFull(facts.fullMachine.disk)}`]
  const held = whyLimits(facts) ?? whyPool(facts)
  if (held !== null) return held
  if (places > 0 && taken >= places)
    return say`Nothing is free: ${taken} of ${places} places of ${alive === 1 ? 'the worker' : `${alive} workers`} are taken.`
  return ['A worker takes it in a moment.']
}
