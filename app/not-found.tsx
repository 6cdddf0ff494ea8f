import Link from 'next/link'

export const metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <main className="page">
      <h1 className="runhead">There is no such page</h1>
      <p className="muted">
        The address may be mistyped, or what it named is gone. All DAGs are on{' '}
        <Link className="strong" href="/">
          the first page
        </Link>
        .
      </p>
    </main>
  )
}
