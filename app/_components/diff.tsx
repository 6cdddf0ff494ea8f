'use client'

import { structuredPatch } from 'diff'
import { useMemo } from 'react'

/** Lines around a change. */
const context = 3

/** Two texts as a unified diff; sameness folds away. */
export function TextDiff({ before, after }: { before: string; after: string }) {
  const hunks = useMemo(
    () => structuredPatch('a', 'b', before, after, '', '', { context }).hunks,
    [before, after],
  )
  if (hunks.length === 0) return <p className="muted pad">The same.</p>
  return (
    <div className="diff" role="figure" aria-label="Differences by line">
      {hunks.map((hunk) => {
        let old = hunk.oldStart
        let now = hunk.newStart
        return (
          <div key={`${hunk.oldStart} ${hunk.newStart}`} className="hunk">
            {hunk.lines.map((line, i) => {
              const kind = line[0] === '+' ? 'a' : line[0] === '-' ? 'r' : 'c'
              const numbers = [kind === 'a' ? '' : old, kind === 'r' ? '' : now]
              if (line[0] === '\\') return null
              if (kind !== 'a') old++
              if (kind !== 'r') now++
              return (
                // eslint-disable-next-line react/no-array-index-key -- lines of a fixed text have no other name
                <span key={i} className={kind}>
                  <span className="ln">{numbers[0]}</span>
                  <span className="ln">{numbers[1]}</span>
                  <span className="sign">{kind === 'a' ? '+' : kind === 'r' ? '−' : ' '}</span>
                  {line.slice(1)}
                </span>
              )
            })}
          </div>
        )
      })}
    </div>
  )
}
