/** What the items of one task share, told once for all of them: there may be 10,000. Pure. */
import { nodeAt, type Machine } from '../machine.ts'
import type { QueueFacts } from './queue.ts'
import { named } from './sentence.ts'

export type ItemsFacts = Pick<QueueFacts, 'maxParallel' | 'activeItems' | 'activeItemHolders'>

function told(machine: Machine, node: number): ItemsFacts {
  const { task, maxParallel } = nodeAt(machine, node)
  const active = (machine.items[node] ?? []).flatMap(({ state }, item) =>
    state === 'starting' || state === 'running' ? [item] : [],
  )
  const keys = machine.keys[node] ?? []
  return {
    maxParallel,
    activeItems: active.length,
    activeItemHolders: active.slice(0, named).map((item) => ({ task, key: keys[item] ?? null })),
  }
}

/** By node. The machine does not move meanwhile. */
export function itemsFacts(machine: Machine): (node: number) => ItemsFacts {
  const known = new Map<number, ItemsFacts>()
  return (node) => {
    const facts = known.get(node) ?? told(machine, node)
    known.set(node, facts)
    return facts
  }
}
