/** Offsets of a text (UTF-16 units) as lines and columns, both from 1. A line ends with LF or CRLF. */
export interface LineIndex {
  position: (offset: number) => { line: number; column: number }
  /** Offset of a line's first character. */
  start: (line: number) => number
}

export function indexLines(text: string): LineIndex {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const position = (offset: number) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
  return { position, start: (line) => starts[line - 1] ?? text.length }
}
