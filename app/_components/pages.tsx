'use client'

/** Which rows of how many are shown, and the way to the others. No buttons when all are. */
export function Pages({
  offset,
  size,
  total,
  onOffset,
}: {
  /** 0-based, of the first row shown. */
  offset: number
  /** Rows of a page. */
  size: number
  total: number
  onOffset: (offset: number) => void
}) {
  const words =
    total === 0 ? 'no rows' : `rows ${offset + 1} to ${Math.min(offset + size, total)} of ${total}`
  if (total <= size) return <p className="muted pad">{words}</p>
  return (
    <div className="logbar" role="group" aria-label="Pages of rows">
      <span className="muted">{words}</span>
      <button
        type="button"
        className="btn ghost"
        disabled={offset === 0}
        onClick={() => onOffset(Math.max(0, offset - size))}
      >
        Previous
      </button>
      <button
        type="button"
        className="btn ghost"
        disabled={offset + size >= total}
        onClick={() => onOffset(offset + size)}
      >
        Next
      </button>
    </div>
  )
}
