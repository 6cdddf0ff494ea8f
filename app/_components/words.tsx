import type { ReactNode } from 'react'

/** A sentence of the server's in which what stands between backticks is code. */
export function Words({ text }: { text: string }): ReactNode[] {
  return text.split('`').map((part, i) =>
    // Every second part stood between two.
    i % 2 === 0 ? (
      part
    ) : (
      <code key={`${i} ${part}`} className="mono">
        {part}
      </code>
    ),
  )
}
