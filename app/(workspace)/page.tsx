import type { Metadata } from 'next'
import { DagList } from '../_features/dags/dag-list.tsx'

export const metadata: Metadata = { title: 'DAGs' }

export default function DagListPage() {
  return <DagList />
}
