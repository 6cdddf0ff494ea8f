import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { lookAtShared } from '#server/services/comparison/share.ts'
import { webContext } from '#server/web-context.ts'
import { SharedComparison } from '../../_features/comparison/shared-comparison.tsx'
import { WorkspaceData } from '../../_trpc/provider.tsx'

export const metadata: Metadata = { title: 'shared comparison', robots: { index: false } }
export const dynamic = 'force-dynamic'

async function opens(secret: string): Promise<boolean> {
  try {
    await lookAtShared(webContext(), secret)
    return true
  } catch (error) {
    if (error instanceof DagbokError && error.code === 'not_found') return false
    throw error
  }
}

export default async function SharePage({ params }: { params: Promise<{ secret: string }> }) {
  const { secret } = await params
  if (!(await opens(secret))) notFound()
  return (
    <WorkspaceData>
      <SharedComparison secret={secret} />
    </WorkspaceData>
  )
}
