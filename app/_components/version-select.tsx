'use client'

import type { VersionSummary } from '#server/views/version.ts'

interface Props {
  versions: readonly VersionSummary[]
  /** `v3`, or empty for the first choice. */
  value: string
  /** What the empty choice is. */
  first: string
  onChange: (version: string) => void
}

/** A version of a DAG, by number. */
export function VersionSelect({ versions, value, first, onChange }: Props) {
  return (
    <label className="field">
      <span>Version</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{first}</option>
        {versions.map((one) => (
          <option key={one.id} value={`v${one.number}`}>
            v{one.number} {one.subject}
          </option>
        ))}
      </select>
    </label>
  )
}
