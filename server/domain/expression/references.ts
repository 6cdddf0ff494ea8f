/** Which names an expression reads: `tasks.train.values.accuracy` as root and path, with where it stands. */
import type { ASTNode } from '@marcbachmann/cel-js'

export interface Reference {
  root: string
  /** Names and constant indices after the root, as far as they are written out. */
  path: string[]
  /** Whether something only a run can tell follows (`tasks[x]`). */
  dynamic: boolean
  /** UTF-16 units into the expression. */
  start: number
  end: number
}

const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'transformList', 'transformMap'])

/** `a.b['c']` as a chain, or null when it does not begin with a name. */
function chain(node: ASTNode): Reference | null {
  if (node.op === 'id') return { root: node.args, path: [], dynamic: false, start: node.start, end: node.end }
  if (node.op === '.' || node.op === '.?') {
    const inner = chain(node.args[0])
    return inner === null || inner.dynamic
      ? inner
      : { ...inner, path: [...inner.path, node.args[1]], end: node.end }
  }
  if (node.op === '[]' || node.op === '[?]') {
    const inner = chain(node.args[0])
    if (inner === null || inner.dynamic) return inner
    const index = node.args[1]
    if (index.op === 'value' && ['string', 'bigint', 'number'].includes(typeof index.args))
      return { ...inner, path: [...inner.path, String(index.args)], end: node.end }
    return { ...inner, dynamic: true, end: node.end }
  }
  return null
}

function children(node: ASTNode): ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'map':
      return node.args.flat()
    case '!_':
    case '-_':
      return [node.args]
    default:
      return [...node.args]
  }
}

function collect(node: ASTNode, bound: ReadonlySet<string>, out: Reference[]): void {
  const found = chain(node)
  if (found !== null) {
    if (!bound.has(found.root)) out.push(found)
    // What stands in brackets is read, too.
    for (let at = node; at.op === '.' || at.op === '.?' || at.op === '[]' || at.op === '[?]'; at = at.args[0])
      if (at.op === '[]' || at.op === '[?]') collect(at.args[1], bound, out)
    return
  }
  if (node.op === 'rcall' && macros.has(node.args[0]) && node.args[2].length > 1) {
    const [variable, ...rest] = node.args[2]
    collect(node.args[1], bound, out)
    const inner = variable?.op === 'id' ? new Set([...bound, variable.args]) : bound
    for (const argument of rest) collect(argument, inner, out)
    return
  }
  for (const child of children(node)) collect(child, bound, out)
}

/** Every reference, in the order of the text. */
export function referencesOf(ast: ASTNode): Reference[] {
  const out: Reference[] = []
  collect(ast, new Set(), out)
  return out.sort((a, b) => a.start - b.start)
}
