'use client'

import { useQuery } from '@tanstack/react-query'
import type { Json } from '#server/domain/json.ts'
import type { RunDetail } from '#server/views/run.ts'
import { Fault, type DagPlace } from '../../_components/page.tsx'
import { readParams, typedText } from '../../_components/params.ts'
import { ParamsForm } from '../../_components/params-form.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

/** The params of a fork: those of the run, until others are typed. */
export function useForkParams(run: RunDetail, place: DagPlace, version: string, enabled: boolean) {
  const trpc = useTRPC()
  const { data, error } = useQuery(trpc.dags.params.queryOptions({ ...place, version }, { enabled }))
  const properties = (data?.['properties'] ?? {}) as Record<string, Record<string, Json>>
  const before = Object.fromEntries(
    Object.entries(run.params).map(([name, value]) => [name, typedText(value)]),
  )
  return {
    error,
    properties,
    before,
    /** What was typed, where it is another than the run's. */
    changed: (typed: Record<string, string>): Record<string, Json> =>
      readParams(
        properties,
        Object.fromEntries(Object.entries(typed).filter(([name, text]) => text !== before[name])),
      ),
  }
}

interface Props {
  params: ReturnType<typeof useForkParams>
  typed: Record<string, string>
  onType: (typed: Record<string, string>) => void
}

export function ForkFields({ params, typed, onType }: Props) {
  return (
    <>
      {params.error !== null && <Fault error={params.error} />}
      <ParamsForm
        properties={params.properties}
        texts={{ ...params.before, ...typed }}
        onChange={(name, text) => onType({ ...typed, [name]: text })}
      />
    </>
  )
}
