/** Lines as an address names them: `#L120`, `#L120-L140`, 1-based. */
export interface LineRange {
  from: number
  to: number
}

/** null for what names no lines. */
export function readLines(hash: string): LineRange | null {
  const [, first, last] = /^#?L(\d+)(?:-L?(\d+))?$/.exec(hash) ?? []
  if (first === undefined) return null
  const [a, b] = [Number(first), Number(last ?? first)]
  return a < 1 || b < 1 ? null : { from: Math.min(a, b), to: Math.max(a, b) }
}

export const writeLines = ({ from, to }: LineRange): string =>
  from === to ? `#L${from}` : `#L${from}-L${to}`

/** A press on a line's number: that line, or with Shift all from the first one picked to it. */
export const pick = (now: LineRange | null, line: number, extend: boolean): LineRange =>
  extend && now !== null
    ? { from: Math.min(now.from, line), to: Math.max(now.from, line) }
    : { from: line, to: line }

/** The place of the next or previous of sorted `lines` after `line`, going round; null when there are none. */
export function nextOf(lines: readonly number[], line: number, by: 1 | -1): number | null {
  if (lines.length === 0) return null
  if (by > 0) {
    const found = lines.findIndex((one) => one > line)
    return found < 0 ? 0 : found
  }
  const found = lines.findLastIndex((one) => one < line)
  return found < 0 ? lines.length - 1 : found
}
