import type { Metadata } from 'next'
import { ComparisonPage } from '../../_features/comparison/comparison-page.tsx'

export const metadata: Metadata = { title: 'compare' }

export default function Page() {
  return <ComparisonPage />
}
