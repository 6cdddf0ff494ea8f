import type { Metadata } from 'next'
import type { DagPlace } from '../../../../../_components/page.tsx'
import { NotebookPage } from '../../../../../_features/notebook/notebook-page.tsx'

export async function generateMetadata({ params }: { params: Promise<DagPlace> }): Promise<Metadata> {
  return { title: `notebook · ${(await params).dag}` }
}

export default async function Page({ params }: { params: Promise<DagPlace> }) {
  const { team, repo, dag } = await params
  return <NotebookPage place={{ team, repo, dag }} />
}
