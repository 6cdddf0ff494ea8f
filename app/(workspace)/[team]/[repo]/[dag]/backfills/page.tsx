import type { Metadata } from 'next'
import type { DagPlace } from '../../../../../_components/page.tsx'
import { BackfillsPage } from '../../../../../_features/backfill/backfills-page.tsx'

export async function generateMetadata({ params }: { params: Promise<DagPlace> }): Promise<Metadata> {
  return { title: `backfills · ${(await params).dag}` }
}

export default async function Page({ params }: { params: Promise<DagPlace> }) {
  const { team, repo, dag } = await params
  return <BackfillsPage place={{ team, repo, dag }} />
}
