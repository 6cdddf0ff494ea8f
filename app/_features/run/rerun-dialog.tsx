'use client'

import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Json } from '#server/domain/json.ts'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { Modal, sendOnEnter } from '../../_components/dialog.tsx'
import { dagPath, Fault, type DagPlace } from '../../_components/page.tsx'
import { VersionSelect } from '../../_components/version-select.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { ForkFields, useForkParams } from './fork-fields.tsx'
import { PlanList } from './reuse-plan.tsx'

interface Props {
  run: RunDetail
  place: DagPlace
  /** The task run that is shown. */
  selected: TaskRunView | null
  onClose: () => void
}

type Verb = 'rerun' | 'recover' | 'from' | 'fork'

/** What a recover, from the chosen task on or not, or a fork would do. */
function usePlan(
  run: RunDetail,
  verb: Verb,
  from: { task: string; key?: string },
  fork: { version: string; params: Record<string, Json> },
) {
  const trpc = useTRPC()
  const recover = useQuery(
    trpc.interventions.previewRecover.queryOptions(
      { id: run.id, ...(verb === 'from' ? from : {}) },
      { enabled: verb === 'recover' || verb === 'from' },
    ),
  )
  const forked = useQuery(
    trpc.interventions.previewFork.queryOptions(
      { id: run.id, ...fork },
      { enabled: verb === 'fork', placeholderData: keepPreviousData },
    ),
  )
  return verb === 'fork' ? forked : recover
}

/** All of it again, what did not succeed, from a task on, or what another version changes. */
export function RerunDialog({ run, place, selected, onClose }: Props) {
  const trpc = useTRPC()
  const router = useRouter()
  const over = run.endedAt !== null
  const [verb, setVerb] = useState<Verb>(run.state === 'failed' ? 'recover' : 'rerun')
  const [version, setVersion] = useState('')
  const versions = useQuery(trpc.dags.versions.queryOptions(place))
  const from = {
    task: selected?.task ?? '',
    ...(selected?.key == null ? {} : { key: selected.key }),
  }
  const [typed, setTyped] = useState<Record<string, string>>({})
  const target = version === '' ? `v${run.version.number}` : version
  const params = useForkParams(run, place, target, verb === 'fork')
  const forked = { version: target, params: params.changed(typed) }
  const plan = usePlan(run, verb, from, forked)
  const made = {
    onSuccess: ({ number }: { number: number }) => {
      onClose()
      router.push(`${dagPath(place)}/runs/${number}`)
    },
  }
  const rerun = useMutation(trpc.runs.rerun.mutationOptions(made))
  const recover = useMutation(trpc.interventions.recover.mutationOptions(made))
  const fork = useMutation(trpc.interventions.fork.mutationOptions(made))
  const act = () => {
    if (verb === 'rerun') rerun.mutate({ id: run.id, ...(version === '' ? {} : { version }) })
    else if (verb === 'fork') fork.mutate({ id: run.id, ...forked })
    else recover.mutate({ id: run.id, ...(verb === 'from' ? from : {}) })
  }
  const error = rerun.error ?? recover.error ?? fork.error ?? (verb === 'rerun' ? null : plan.error)
  const choices: [Verb, string][] = [
    ['rerun', 'Everything'],
    ...(over ? ([['recover', 'What did not succeed, and what comes after it']] as [Verb, string][]) : []),
    ...(over && selected !== null
      ? ([['from', `${selected.task} ${selected.key ?? ''} and what comes after it`]] as [Verb, string][])
      : []),
    ...(over ? ([['fork', 'What another version or other params change']] as [Verb, string][]) : []),
  ]
  return (
    <Modal open title={`Run ${run.number} again`} onClose={onClose}>
      <form
        onKeyDown={sendOnEnter}
        onSubmit={(event) => {
          event.preventDefault()
          act()
        }}
      >
        <p className="muted against">A new run; nothing of run {run.number} changes.</p>
        <fieldset className="field">
          <legend>What runs</legend>
          {choices.map(([name, words]) => (
            <label key={name}>
              <input type="radio" name="verb" checked={verb === name} onChange={() => setVerb(name)} />{' '}
              {words}
            </label>
          ))}
        </fieldset>
        {(verb === 'rerun' || verb === 'fork') && (
          <VersionSelect
            versions={versions.data ?? []}
            value={version}
            first={`the same, v${run.version.number}`}
            onChange={setVersion}
          />
        )}
        {verb === 'fork' && <ForkFields params={params} typed={typed} onType={setTyped} />}
        {verb !== 'rerun' && plan.data !== undefined && <PlanList plan={plan.data} />}
        {error !== null && <Fault error={error} />}
        <div className="actions">
          <button type="button" className="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="btn primary"
            disabled={rerun.isPending || recover.isPending || fork.isPending}
          >
            Run again <kbd>⏎</kbd>
          </button>
        </div>
      </form>
    </Modal>
  )
}
