import type { Metadata } from 'next'
import type { DagPlace } from '../../../../../_components/page.tsx'
import { VersionsPage } from '../../../../../_features/versions/versions-page.tsx'

export async function generateMetadata({ params }: { params: Promise<DagPlace> }): Promise<Metadata> {
  return { title: `versions · ${(await params).dag}` }
}

export default async function Page({ params }: { params: Promise<DagPlace> }) {
  const { team, repo, dag } = await params
  return <VersionsPage place={{ team, repo, dag }} />
}
