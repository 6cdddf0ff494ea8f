/** Two texts line by line: what was removed beside what came in its place, with the words that differ. */
import { diffWordsWithSpace, structuredPatch } from 'diff'

/** Lines around a change that are shown; ms after which two texts are too different to be worth reading on. */
const context = 3
const longestMs = 2000
/** Characters of a line whose words are still compared; the share of it that must be the same for it to help. */
const longestLine = 600
const alike = 0.4

export interface Part {
  text: string
  changed: boolean
}

export interface Side {
  /** 1-based line of its text. */
  line: number
  parts: Part[]
}

/** A line of both, or one removed and one added in its place; null where one side has none. */
export interface DiffRow {
  same: boolean
  before: Side | null
  after: Side | null
}

export interface Hunk {
  /** Equal lines that are left out before it. */
  skipped: number
  rows: DiffRow[]
}

/** Words that changed, one after the other, as one part with the spaces between them. */
function joined(words: readonly Part[]): Part[] {
  const out: Part[] = []
  for (const [i, word] of words.entries()) {
    const last = out.at(-1)
    const between = word.text.trim() === '' && last?.changed === true && words[i + 1]?.changed === true
    const changed = word.changed || between
    if (last?.changed === changed) last.text += word.text
    else out.push({ text: word.text, changed })
  }
  return out
}

const whole = (text: string): Part[] => [{ text, changed: false }]

/** Words of two lines that stand for each other; whole lines where they have little in common. */
function parts(before: string, after: string): [Part[], Part[]] {
  if (before.length > longestLine || after.length > longestLine) return [whole(before), whole(after)]
  const words = diffWordsWithSpace(before, after)
  const shared = words
    .filter((word) => !word.added && !word.removed)
    .reduce((sum, word) => sum + word.value.trim().length, 0)
  if (shared < alike * Math.max(before.trim().length, after.trim().length))
    return [whole(before), whole(after)]
  const side = (other: 'added' | 'removed') =>
    joined(
      words
        .filter((word) => !word[other])
        .map((word): Part => ({ text: word.value, changed: word.added || word.removed })),
    )
  return [side('added'), side('removed')]
}

const carriage = /\r$/

/** The end of a line is part of it only where that is what changed: then it is seen. */
const seen = (text: string, other: string | null): string =>
  text.replace(carriage, other === null || carriage.test(other) ? '' : '␍')

/** Removed and added lines of one change, side by side in their order. */
function pair(removed: Side[], added: Side[]): DiffRow[] {
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, i) => {
    const [before, after] = [removed[i] ?? null, added[i] ?? null]
    const [was, is] = [before?.parts[0]?.text ?? null, after?.parts[0]?.text ?? null]
    const [a, b] = parts(seen(was ?? '', is), seen(is ?? '', was))
    return {
      same: false,
      before: before === null ? null : { ...before, parts: is === null ? whole(seen(was ?? '', null)) : a },
      after: after === null ? null : { ...after, parts: was === null ? whole(seen(is ?? '', null)) : b },
    }
  })
}

function rowsOf(lines: readonly string[], oldStart: number, newStart: number): DiffRow[] {
  const rows: DiffRow[] = []
  let [before, after] = [oldStart, newStart]
  let [removed, added]: [Side[], Side[]] = [[], []]
  const side = (line: number, text: string): Side => ({ line, parts: whole(text) })
  const close = () => {
    rows.push(...pair(removed, added))
    ;[removed, added] = [[], []]
  }
  for (const line of lines) {
    const text = line.slice(1)
    if (line.startsWith('-')) removed.push(side(before++, text))
    else if (line.startsWith('+')) added.push(side(after++, text))
    else if (line.startsWith(' ')) {
      close()
      const shown = seen(text, text)
      rows.push({ same: true, before: side(before++, shown), after: side(after++, shown) })
    }
  }
  close()
  return rows
}

/** null when the two are so different that finding out how takes too long. */
export function hunksOf(before: string, after: string): Hunk[] | null {
  const patch = structuredPatch('a', 'b', before, after, '', '', { context, timeout: longestMs })
  if (patch === undefined) return null
  let end = 1
  return patch.hunks.map(({ oldStart, oldLines, newStart, lines }) => {
    const skipped = Math.max(0, oldStart - end)
    end = oldStart + oldLines
    return { skipped, rows: rowsOf(lines, oldStart, newStart) }
  })
}
