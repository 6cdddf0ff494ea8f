import type { ReactNode } from 'react'
import type { DagPlace } from '../../../../_components/page.tsx'
import { StartRun } from '../../../../_features/dags/start-run.tsx'

export default async function DagLayout({
  children,
  params,
}: {
  children: ReactNode
  params: Promise<DagPlace>
}) {
  const { team, repo, dag } = await params
  return (
    <>
      {children}
      <StartRun place={{ team, repo, dag }} />
    </>
  )
}
