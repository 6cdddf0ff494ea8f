/** Two edits of one text as one text, line by line, where they do not meet. */
import { diffArrays } from 'diff'

/** Lines [from, to) of the base that became `lines`. */
interface Change {
  from: number
  to: number
  lines: string[]
}

const linesOf = (text: string): string[] => text.split(/(?<=\n)/)

function changesOf(base: readonly string[], edited: readonly string[]): Change[] {
  const changes: Change[] = []
  let at = 0
  let open: Change | null = null
  for (const part of diffArrays([...base], [...edited])) {
    if (!part.added && !part.removed) {
      at += part.value.length
      open = null
      continue
    }
    if (open === null) {
      open = { from: at, to: at, lines: [] }
      changes.push(open)
    }
    if (part.removed) {
      at += part.value.length
      open.to = at
    } else open.lines.push(...part.value)
  }
  return changes
}

const equal = (a: Change, b: Change) =>
  a.from === b.from && a.to === b.to && a.lines.join('') === b.lines.join('')

/** Changes that touch cannot be told apart from one change. */
const meet = (a: Change, b: Change) => Math.max(a.from, b.from) <= Math.min(a.to, b.to)

/** null where both changed the same lines, or lines beside each other, to something else. */
export function mergeTexts(base: string, mine: string, theirs: string): string | null {
  const lines = linesOf(base)
  const other = changesOf(lines, linesOf(theirs))
  const own = changesOf(lines, linesOf(mine)).filter((one) => !other.some((two) => equal(one, two)))
  if (own.some((one) => other.some((two) => meet(one, two)))) return null
  const out: string[] = []
  let at = 0
  for (const change of [...own, ...other].toSorted((a, b) => a.from - b.from)) {
    out.push(...lines.slice(at, change.from), ...change.lines)
    at = change.to
  }
  return [...out, ...lines.slice(at)].join('')
}
