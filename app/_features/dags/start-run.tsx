'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import type { Json } from '#server/domain/json.ts'
import { Modal, sendOnEnter } from '../../_components/dialog.tsx'
import { dagPath, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { VersionSelect } from '../../_components/version-select.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { ParamsForm } from '../../_components/params-form.tsx'
import { readParams } from '../../_components/params.ts'

interface Props {
  place: DagPlace
  /** The version to begin with; empty is that of the default branch. */
  initial: string
  onClose: () => void
}

/** Which version, with which params. */
function StartRunDialog({ place, initial, onClose }: Props) {
  const trpc = useTRPC()
  const router = useRouter()
  const [version, setVersion] = useState(initial)
  const [texts, setTexts] = useState<Record<string, string>>({})
  const [force, setForce] = useState(false)
  const schema = useQuery(trpc.dags.params.queryOptions({ ...place, ...(version === '' ? {} : { version }) }))
  const versions = useQuery(trpc.dags.versions.queryOptions(place))
  const start = useMutation(
    trpc.runs.start.mutationOptions({
      onSuccess: ({ number }) => router.push(`${dagPath(place)}/runs/${number}`),
    }),
  )
  const properties = (schema.data?.['properties'] ?? {}) as Record<string, Record<string, Json>>
  const send = () =>
    start.mutate({
      ...place,
      params: readParams(properties, texts),
      force,
      ...(version === '' ? {} : { version }),
    })
  return (
    <Modal open title={`Run ${place.dag}`} onClose={onClose}>
      <form
        onKeyDown={sendOnEnter}
        onSubmit={(event) => {
          event.preventDefault()
          if (schema.data !== undefined) send()
        }}
      >
        <VersionSelect
          versions={versions.data ?? []}
          value={version}
          first="the default branch’s"
          onChange={setVersion}
        />
        {schema.data === undefined && schema.error === null && <Loading />}
        {schema.error !== null && <Fault error={schema.error} />}
        <ParamsForm
          properties={properties}
          texts={texts}
          onChange={(name, text) => setTexts({ ...texts, [name]: text })}
        />
        <label className="check">
          <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} /> At
          once, whatever other runs there are
        </label>
        {start.error !== null && <Fault error={start.error} />}
        <div className="actions">
          <button type="button" className="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="btn primary"
            disabled={start.isPending || schema.data === undefined}
          >
            Run <kbd>⏎</kbd>
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** On every page of a DAG: `?start=v3` opens the dialog with that version, `?start=tip` with the default branch's. */
export function StartRun({ place }: { place: DagPlace }) {
  const [start, setStart] = useQueryState('start', parseAsString)
  if (start === null) return null
  return (
    <StartRunDialog
      place={place}
      initial={/^v\d+$/.test(start) ? start : ''}
      onClose={() => void setStart(null)}
    />
  )
}
