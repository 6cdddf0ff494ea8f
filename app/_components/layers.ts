/** Tasks in layers: each below everything it needs, with few crossings (barycentre sweeps). */
export interface Node {
  id: string
  needs: string[]
}

const sweeps = 4

/** Layers of ids, top first. An edge to a task that is not there is left out; of a cycle the rest is still drawn. */
export function layersOf(nodes: readonly Node[]): string[][] {
  const known = new Map(nodes.map((node) => [node.id, node]))
  const depth = new Map<string, number>()
  const open = new Map(nodes.map((node) => [node.id, node.needs.filter((need) => known.has(need)).length]))
  const users = new Map<string, string[]>()
  for (const node of nodes)
    for (const need of node.needs) users.set(need, [...(users.get(need) ?? []), node.id])
  const ready = nodes.filter((node) => open.get(node.id) === 0).map((node) => node.id)
  for (const id of ready) depth.set(id, 0)
  for (let at = 0; at < ready.length; at++) {
    const id = ready[at] ?? ''
    for (const user of users.get(id) ?? []) {
      depth.set(user, Math.max(depth.get(user) ?? 0, (depth.get(id) ?? 0) + 1))
      const left = (open.get(user) ?? 0) - 1
      open.set(user, left)
      if (left === 0) ready.push(user)
    }
  }
  const layers: string[][] = []
  for (const node of nodes) {
    const at = depth.get(node.id) ?? 0
    layers[at] = [...(layers[at] ?? []), node.id]
  }
  const filled = layers.filter((layer) => layer !== undefined)
  for (let sweep = 0; sweep < sweeps; sweep++) order(filled, known, users, sweep % 2 === 0)
  return filled
}

function order(
  layers: string[][],
  known: ReadonlyMap<string, Node>,
  users: ReadonlyMap<string, string[]>,
  down: boolean,
): void {
  const place = new Map(
    layers.flatMap((layer) => layer.map((id, i) => [id, i / Math.max(1, layer.length - 1)] as const)),
  )
  for (const layer of down ? layers : layers.toReversed()) {
    const pull = (id: string) => {
      const near = (down ? known.get(id)?.needs : users.get(id)) ?? []
      const places = near.flatMap((other) => place.get(other) ?? [])
      return places.length === 0
        ? (place.get(id) ?? 0)
        : places.reduce((sum, one) => sum + one, 0) / places.length
    }
    const pulls = new Map(layer.map((id) => [id, pull(id)]))
    layer.sort((a, b) => (pulls.get(a) ?? 0) - (pulls.get(b) ?? 0))
    for (const [i, id] of layer.entries()) place.set(id, i / Math.max(1, layer.length - 1))
  }
}
