import type { Metadata } from 'next'
import type { DagPlace } from '../../../../_components/page.tsx'
import { DagHome } from '../../../../_features/dags/dag-home.tsx'

export async function generateMetadata({ params }: { params: Promise<DagPlace> }): Promise<Metadata> {
  return { title: `grid · ${(await params).dag}` }
}

export default async function DagHomePage({ params }: { params: Promise<DagPlace> }) {
  return <DagHome place={await params} />
}
