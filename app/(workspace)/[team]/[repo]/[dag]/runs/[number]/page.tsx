import type { Metadata } from 'next'
import type { DagPlace } from '../../../../../../_components/page.tsx'
import { RunPage } from '../../../../../../_features/run/run-page.tsx'

type Params = Promise<DagPlace & { number: string }>

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  const { dag, number } = await params
  return { title: `run ${number} · ${dag}` }
}

export default async function Page({ params }: { params: Params }) {
  const { team, repo, dag, number } = await params
  return <RunPage place={{ team, repo, dag }} number={Number(number)} />
}
