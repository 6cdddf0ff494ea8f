import type { Metadata } from 'next'
import type { DagPlace } from '../../../../../_components/page.tsx'
import { SchedulePage } from '../../../../../_features/schedule/schedule-page.tsx'

export async function generateMetadata({ params }: { params: Promise<DagPlace> }): Promise<Metadata> {
  return { title: `schedule · ${(await params).dag}` }
}

export default async function Page({ params }: { params: Promise<DagPlace> }) {
  const { team, repo, dag } = await params
  return <SchedulePage place={{ team, repo, dag }} />
}
