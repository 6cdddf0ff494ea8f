'use client'

import { useMutation } from '@tanstack/react-query'
import type { DagDetail } from '#server/views/dag.ts'
import { Copy, Fault, type DagPlace } from '../../_components/page.tsx'
import { Ago } from '../../_components/time.tsx'
import { Words } from '../../_components/words.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

function Webhook({ place, dag, changed }: { place: DagPlace; dag: DagDetail; changed: () => void }) {
  const trpc = useTRPC()
  const create = useMutation(trpc.schedules.createWebhook.mutationOptions({ onSuccess: changed }))
  const remove = useMutation(
    trpc.schedules.deleteWebhook.mutationOptions({
      onSuccess: () => {
        create.reset()
        changed()
      },
    }),
  )
  const error = create.error ?? remove.error
  return (
    <div className="pad">
      {dag.hook === null ? (
        <p className="muted">Its webhook has no secret yet.</p>
      ) : (
        <p>
          <code className="mono">{dag.hook.url}</code> <Copy text={dag.hook.url} label="address" />{' '}
          <span className="muted">
            secret made by {dag.hook.createdBy ?? 'somebody'} <Ago time={dag.hook.createdAt} />
          </span>
        </p>
      )}
      {create.data !== undefined && (
        <p role="status">
          The secret, shown this once: <code className="mono">{create.data.secret}</code>{' '}
          <Copy text={create.data.secret} label="secret" />
        </p>
      )}
      {error !== null && <Fault error={error} />}
      <button type="button" className="btn" disabled={create.isPending} onClick={() => create.mutate(place)}>
        {dag.hook === null ? 'Make a secret' : 'Make a new secret'}
      </button>{' '}
      {dag.hook !== null && (
        <button
          type="button"
          className="btn danger"
          disabled={remove.isPending}
          onClick={() => remove.mutate(place)}
        >
          Revoke
        </button>
      )}
    </div>
  )
}

const triggerWords = { webhook: 'Its webhook', success_of: 'Success', outputs: 'Publication' }

/** Triggers that started nothing of late. */
function Refused({ refused }: { refused: DagDetail['refused'] }) {
  if (refused.length === 0) return null
  return (
    <table className="list" aria-label="Triggers that started nothing">
      <thead>
        <tr>
          <th>Started nothing</th>
          <th>Why</th>
          <th>When</th>
        </tr>
      </thead>
      <tbody>
        {refused.map(({ at, trigger, source, why }) => (
          <tr key={`${at} ${trigger}`}>
            <td>
              {triggerWords[trigger]}
              {source !== null && (
                <>
                  {' '}
                  of <span className="mono">{source}</span>
                </>
              )}
            </td>
            <td>
              <Words text={why} />
            </td>
            <td className="muted">
              <Ago time={at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What else starts it: other DAGs and its webhook. */
export function TriggersPanel({
  place,
  dag,
  changed,
}: {
  place: DagPlace
  dag: DagDetail
  changed: () => void
}) {
  const { successOf, outputs, webhook } = dag.triggers
  const others = successOf.length > 0 || outputs !== null || webhook || dag.hook !== null
  if (!others && dag.refused.length === 0) return null
  return (
    <section className="sheet" aria-label="Triggers">
      <header>
        <h2>Triggers</h2>
      </header>
      {successOf.length > 0 && (
        <p className="pad">
          Success of <span className="mono">{successOf.join(', ')}</span>
        </p>
      )}
      {outputs !== null && (
        <p className="pad">
          Publication of {outputs.mode} of <span className="mono">{outputs.of.join(', ')}</span>
        </p>
      )}
      {(webhook || dag.hook !== null) && <Webhook place={place} dag={dag} changed={changed} />}
      <Refused refused={dag.refused} />
    </section>
  )
}
