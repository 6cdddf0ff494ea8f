/** Dates that are shown at once. */
export const datesAtOnce = 100

/** Which of very many dates are shown, and the way to the others. */
export function DatesPager({
  offset,
  all,
  onMove,
}: {
  offset: number
  all: number
  onMove: (offset: number) => void
}) {
  if (all <= datesAtOnce) return null
  const end = Math.min(all, offset + datesAtOnce)
  return (
    <div className="actions">
      <span className="muted">
        dates {Math.min(all, offset + 1)} to {end} of {all}
      </span>
      <button
        type="button"
        className="btn ghost"
        disabled={offset === 0}
        onClick={() => onMove(Math.max(0, offset - datesAtOnce))}
      >
        Dates before
      </button>
      <button type="button" className="btn ghost" disabled={end >= all} onClick={() => onMove(end)}>
        Next dates
      </button>
    </div>
  )
}
