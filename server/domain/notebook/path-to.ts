/** Where something stands in a document, as a path: for texts that have no lines anyone has seen. */
import { entry, type Located } from './located.ts'

const holds = (span: { start: number; end: number }, offset: number) =>
  span.start <= offset && (offset < span.end || span.start === span.end)

function step(located: Located, offset: number): { name: string; value: Located | null } | null {
  if (located.kind === 'list') {
    const index = located.items.findIndex((item) => holds(item, offset))
    return index < 0 ? null : { name: `[${index}]`, value: located.items[index] ?? null }
  }
  if (located.kind === 'map')
    for (const [key, { key: span, value }] of located.entries) {
      const name = /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
      if (holds(span, offset)) return { name, value: null }
      if (holds(value, offset)) return { name, value }
    }
  return null
}

/** `tasks[2].needs[0] (train)`: the path, and the id of what it is in; `''` for the document itself. */
export function pathTo(root: Located | null, offset: number): string {
  let path = ''
  let owner: string | null = null
  for (let at = root; at !== null;) {
    const next = step(at, offset)
    if (next === null) break
    path += next.name
    at = next.value
    const id = entry(at, 'id')
    if (at !== null && id?.kind === 'scalar' && typeof id.value === 'string') owner = id.value
  }
  return path === '' ? '' : `${path.replace(/^\./, '')}${owner === null ? '' : ` (${owner})`}`
}
