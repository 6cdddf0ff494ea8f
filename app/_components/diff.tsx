'use client'

import { structuredPatch, type StructuredPatchHunk } from 'diff'
import { useMemo } from 'react'

/** Lines around a change. */
const context = 3

interface Line {
  kind: 'added' | 'removed' | 'context'
  /** 1-based line in each text; null where it has none. */
  before: number | null
  after: number | null
  text: string
}

const kinds = { '+': 'added', '-': 'removed', ' ': 'context' } as const
const signs = { added: '+', removed: '−', context: ' ' } as const

/** The lines of a hunk with their numbers; a remark on a missing line end is none. */
function linesOf({ oldStart, newStart, lines }: StructuredPatchHunk): Line[] {
  let [before, after] = [oldStart, newStart]
  return lines.flatMap((line): Line[] => {
    const kind = kinds[line[0] as keyof typeof kinds]
    if (kind === undefined) return []
    return [
      {
        kind,
        before: kind === 'added' ? null : before++,
        after: kind === 'removed' ? null : after++,
        text: line.slice(1),
      },
    ]
  })
}

/** Two texts as a unified diff; sameness folds away. */
export function TextDiff({ before, after }: { before: string; after: string }) {
  const hunks = useMemo(
    () => structuredPatch('a', 'b', before, after, '', '', { context }).hunks,
    [before, after],
  )
  if (hunks.length === 0) return <p className="muted pad">The same.</p>
  return (
    <div className="diff" role="figure" aria-label="Differences by line">
      {hunks.map((hunk) => (
        <div key={`${hunk.oldStart} ${hunk.newStart}`} className="hunk">
          {linesOf(hunk).map((line) => (
            <span key={`${line.before} ${line.after}`} className={line.kind}>
              <span className="ln">{line.before}</span>
              <span className="ln">{line.after}</span>
              <span className="sign">{signs[line.kind]}</span>
              {line.text}
            </span>
          ))}
        </div>
      ))}
    </div>
  )
}
