'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../_trpc/provider.tsx'
import type { DagPlace } from './page.tsx'

interface Props {
  place: DagPlace
  /** `v3`, or empty for the first choice. */
  value: string
  /** What the empty choice is. */
  first: string
  onChange: (version: string) => void
}

/** A version of a DAG, by number. */
export function VersionSelect({ place, value, first, onChange }: Props) {
  const trpc = useTRPC()
  const versions = useQuery(trpc.dags.versions.queryOptions(place))
  return (
    <label className="field">
      <span>Version</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{first}</option>
        {(versions.data ?? []).map((one) => (
          <option key={one.id} value={`v${one.number}`}>
            v{one.number} {one.subject}
          </option>
        ))}
      </select>
    </label>
  )
}
