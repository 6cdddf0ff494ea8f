import type { Metadata } from 'next'
import { SharedComparison } from '../../_features/comparison/shared-comparison.tsx'
import { WorkspaceData } from '../../_trpc/provider.tsx'

export const metadata: Metadata = { title: 'shared comparison', robots: { index: false } }
export const dynamic = 'force-dynamic'

export default async function SharePage({ params }: { params: Promise<{ secret: string }> }) {
  return (
    <WorkspaceData>
      <SharedComparison secret={(await params).secret} />
    </WorkspaceData>
  )
}
