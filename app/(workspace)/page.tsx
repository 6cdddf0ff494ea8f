import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { session } from '#server/auth/session.ts'

export const metadata: Metadata = { title: 'DAGs' }
export const dynamic = 'force-dynamic'

export default async function DagListPage() {
  const actor = await session()
  if (actor === null) redirect('/sign-in')
  return (
    <main className="mx-auto max-w-3xl p-6">
      <h1 className="text-[20px] font-semibold tracking-tight">DAGs</h1>
      <p className="mt-3 text-ink-2">
        Team {actor.teams.map((team) => team.name).join(', ')} has no DAGs. Signed in as {actor.name}.
      </p>
    </main>
  )
}
