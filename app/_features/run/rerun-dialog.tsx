'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { ReusePlan, RunDetail, TaskRunView } from '#server/views/run.ts'
import { Modal } from '../../_components/dialog.tsx'
import { dagPath, Fault, type DagPlace } from '../../_components/page.tsx'
import { VersionSelect } from '../../_components/version-select.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

interface Props {
  run: RunDetail
  place: DagPlace
  /** The task run that is shown. */
  selected: TaskRunView | null
  onClose: () => void
}

type Verb = 'rerun' | 'recover' | 'from' | 'fork'

/** What is taken over and what runs, each with its reason. */
function PlanList({ plan }: { plan: ReusePlan }) {
  const runs = plan.filter((item) => !item.reused).length
  return (
    <details open={plan.length <= 12}>
      <summary>
        <b>{runs}</b> of {plan.length} task runs will run, <b>{plan.length - runs}</b> are taken over
      </summary>
      <ul className="plan">
        {plan.map(({ task, key, reused, why }) => (
          <li key={`${task} ${key}`} className={reused ? 'muted' : ''}>
            <b>
              {task} {key}
            </b>{' '}
            {reused ? 'taken over' : 'runs'}: {why}
          </li>
        ))}
      </ul>
    </details>
  )
}

function usePlan(run: RunDetail, verb: Verb, from: { task: string; key?: string }, version: string) {
  const trpc = useTRPC()
  const recover = useQuery(
    trpc.interventions.previewRecover.queryOptions(
      { id: run.id, ...(verb === 'from' ? from : {}) },
      { enabled: verb === 'recover' || verb === 'from' },
    ),
  )
  const fork = useQuery(
    trpc.interventions.previewFork.queryOptions(
      { id: run.id, version: version === '' ? run.version.number : version },
      { enabled: verb === 'fork' },
    ),
  )
  return verb === 'fork' ? fork : recover
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
  const plan = usePlan(run, verb, from, version)
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
    else if (verb === 'fork')
      fork.mutate({ id: run.id, version: version === '' ? run.version.number : version })
    else recover.mutate({ id: run.id, ...(verb === 'from' ? from : {}) })
  }
  const error = rerun.error ?? recover.error ?? fork.error ?? (verb === 'rerun' ? null : plan.error)
  const choices: [Verb, string][] = [
    ['rerun', 'Everything'],
    ...(over ? ([['recover', 'What did not succeed, and what comes after it']] as [Verb, string][]) : []),
    ...(over && selected !== null
      ? ([['from', `${selected.task} ${selected.key ?? ''} and what comes after it`]] as [Verb, string][])
      : []),
    ...(over ? ([['fork', 'What a version changes']] as [Verb, string][]) : []),
  ]
  return (
    <Modal open title={`Run ${run.number} again`} onClose={onClose}>
      <p className="muted">A new run with the same params. Nothing of run {run.number} changes.</p>
      <fieldset className="field">
        <legend>What runs</legend>
        {choices.map(([name, words]) => (
          <label key={name}>
            <input type="radio" name="verb" checked={verb === name} onChange={() => setVerb(name)} /> {words}
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
      {verb !== 'rerun' && plan.data !== undefined && <PlanList plan={plan.data} />}
      {error !== null && <Fault error={error} />}
      <div className="actions">
        <button type="button" className="btn ghost" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="btn primary"
          disabled={rerun.isPending || recover.isPending || fork.isPending}
          onClick={act}
        >
          Run again
        </button>
      </div>
    </Modal>
  )
}
