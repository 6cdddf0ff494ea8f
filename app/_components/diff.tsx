'use client'

import { useMemo } from 'react'
import { hunksOf, type DiffRow, type Hunk, type Part, type Side } from './diff-rows.ts'

function Text({ parts }: { parts: readonly Part[] }) {
  return parts.map((part, i) =>
    // Parts of a fixed line have no name but their place.
    // oxlint-disable-next-line react/no-array-index-key
    part.changed ? <mark key={i}>{part.text}</mark> : part.text,
  )
}

function Line({
  kind,
  before,
  after,
  parts,
}: {
  kind: string
  before: number | null
  after: number | null
  parts: Part[]
}) {
  return (
    <span className={kind}>
      <span className="ln">{before}</span>
      <span className="ln">{after}</span>
      <span className="sign">{kind === 'added' ? '+' : kind === 'removed' ? '−' : ' '}</span>
      <Text parts={parts} />
    </span>
  )
}

/** Removed lines before added ones, as far as a change goes. */
function Unified({ rows }: { rows: readonly DiffRow[] }) {
  const out = []
  for (let at = 0; at < rows.length;) {
    const row = rows[at]
    if (row?.same === true && row.before !== null) {
      out.push(
        <Line
          key={`c${row.before.line}`}
          kind="context"
          before={row.before.line}
          after={row.after?.line ?? null}
          parts={row.before.parts}
        />,
      )
      at++
      continue
    }
    let end = at
    while (rows[end]?.same === false) end++
    const change = rows.slice(at, end)
    for (const { before } of change)
      if (before !== null)
        out.push(
          <Line
            key={`r${before.line}`}
            kind="removed"
            before={before.line}
            after={null}
            parts={before.parts}
          />,
        )
    for (const { after } of change)
      if (after !== null)
        out.push(
          <Line key={`a${after.line}`} kind="added" before={null} after={after.line} parts={after.parts} />,
        )
    at = end
  }
  return out
}

function Half({ side, kind }: { side: Side | null; kind: string }) {
  return (
    <span className={side === null ? 'absent' : kind}>
      <span className="ln">{side?.line}</span>
      {side !== null && <Text parts={side.parts} />}
    </span>
  )
}

function Split({ hunk }: { hunk: Hunk }) {
  const name = ({ before, after }: DiffRow) => `${before?.line} ${after?.line}`
  return (
    <>
      <div className="half">
        {hunk.rows.map((row) => (
          <Half key={name(row)} side={row.before} kind={row.same ? 'context' : 'removed'} />
        ))}
      </div>
      <div className="half">
        {hunk.rows.map((row) => (
          <Half key={name(row)} side={row.after} kind={row.same ? 'context' : 'added'} />
        ))}
      </div>
    </>
  )
}

/** Two texts, in one column or side by side; sameness folds away. */
export function TextDiff({
  before,
  after,
  split = false,
}: {
  before: string
  after: string
  split?: boolean
}) {
  const hunks = useMemo(() => hunksOf(before, after), [before, after])
  if (hunks === null) return <p className="muted pad">They have too little in common to be shown by line.</p>
  if (hunks.length === 0) return <p className="muted pad">The same.</p>
  return (
    <div className="diff" role="figure" aria-label="Differences by line" tabIndex={0}>
      {hunks.map((hunk) => {
        const [first] = hunk.rows
        return (
          <div key={`${first?.before?.line} ${first?.after?.line}`}>
            {hunk.skipped > 0 && (
              <p className="skipped">
                {hunk.skipped} equal line{hunk.skipped === 1 ? '' : 's'}
              </p>
            )}
            <div className={split ? 'hunk split' : 'hunk'}>
              {split ? <Split hunk={hunk} /> : <Unified rows={hunk.rows} />}
            </div>
          </div>
        )
      })}
    </div>
  )
}
