'use client'

/** What a page shows when it breaks: never the error itself, which was logged. */
export default function Broken({ reset }: { reset: () => void }) {
  return (
    <main className="page">
      <h1 className="runhead">This page broke</h1>
      <p className="muted">
        Nothing that was saved is lost. If it breaks again, reload, or tell whoever runs Dagbok.
      </p>
      <div className="actions" style={{ justifyContent: 'start' }}>
        <button type="button" className="btn primary" onClick={reset}>
          Try again
        </button>
      </div>
    </main>
  )
}
