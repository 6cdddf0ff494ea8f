/** One answer for a link that is wrong, expired or revoked. */
export default function LinkOpensNothing() {
  return (
    <main className="page">
      <h1 className="runhead">This link opens nothing</h1>
      <p className="muted">It has expired, was revoked, or never was. Ask whoever sent it for a new one.</p>
    </main>
  )
}
