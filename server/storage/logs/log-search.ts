/** Lines of a log that hold a text: the whole log is read chunk by chunk, never at once. */
import type { ArtifactStore } from '../artifact-store.ts'
import { linesOf } from './log-reader.ts'
import type { LogChunkRow } from './log-writer.ts'

/** Lines that are named; the others are counted. */
const named = 10_000

/** Characters of a line that are looked at. */
const longest = 2 ** 20

const escape = '\u001b'
const colours = new RegExp(`${escape}\\[[0-9;?]*[A-Za-z]`, 'g')

/** What a line says without its colours. */
const plainLine = (line: string) => (line.includes(escape) ? line.replaceAll(colours, '') : line)

export type LineTest = (line: string) => boolean

export const holds = (text: string, matchCase: boolean): LineTest => {
  const wanted = matchCase ? text : text.toLowerCase()
  return (line) => (matchCase ? line : line.toLowerCase()).includes(wanted)
}

/** What programs of many languages begin a failure with. */
export const saysError: LineTest = (line) =>
  /\b(?:error|exception|traceback|panic|fatal|failed|denied|not found)\b/i.test(line) ||
  // `TypeError`, not `terror`.
  /\w(?:Error|Exception)\b/.test(line)

export interface LogMatches {
  /** Numbers of lines, from 0, in order. */
  lines: number[]
  total: number
}

export async function searchLines(
  store: ArtifactStore,
  chunks: readonly LogChunkRow[],
  test: LineTest,
): Promise<LogMatches> {
  const found: number[] = []
  let [total, number] = [0, 0]
  for await (const lines of linesOf(store, chunks, longest))
    for (const line of lines) {
      if (test(plainLine(line))) {
        total++
        if (found.length < named) found.push(number)
      }
      number++
    }
  return { lines: found, total }
}
