'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { RunDetail } from '#server/views/run.ts'
import { Modal } from '../../_components/dialog.tsx'
import { dagPath, Fault, type DagPlace } from '../../_components/page.tsx'
import { VersionSelect } from '../../_components/version-select.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

interface Props {
  run: RunDetail
  place: DagPlace
  onClose: () => void
}

/** The same params, on the same or another version. */
export function RerunDialog({ run, place, onClose }: Props) {
  const trpc = useTRPC()
  const router = useRouter()
  const [version, setVersion] = useState('')
  const versions = useQuery(trpc.dags.versions.queryOptions(place))
  const again = useMutation(
    trpc.runs.rerun.mutationOptions({
      onSuccess: ({ number }) => {
        onClose()
        router.push(`${dagPath(place)}/runs/${number}`)
      },
    }),
  )
  return (
    <Modal open title={`Run ${run.number} again`} onClose={onClose}>
      <p className="muted">A new run with the same params. Nothing of run {run.number} changes.</p>
      <VersionSelect
        versions={versions.data ?? []}
        value={version}
        first={`the same, v${run.version.number}`}
        onChange={setVersion}
      />
      {again.error !== null && <Fault error={again.error} />}
      <div className="actions">
        <button type="button" className="btn ghost" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="btn primary"
          disabled={again.isPending}
          onClick={() => again.mutate({ id: run.id, ...(version === '' ? {} : { version }) })}
        >
          Run again
        </button>
      </div>
    </Modal>
  )
}
