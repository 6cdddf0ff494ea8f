'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SecretView } from '#server/views/secret.ts'
import { Fault } from '../../_components/page.tsx'
import { Ago } from '../../_components/time.tsx'
import { Words } from '../../_components/words.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'

interface TeamSecrets {
  team: string
  mayWrite: boolean
}

/** Sets one: a new name, or another value for one that is there. */
function SecretForm({ team, names }: { team: string; names: readonly string[] }) {
  const trpc = useTRPC()
  const [name, setName] = useState('')
  const [value, setValue] = useState('')
  const set = useMutation(
    trpc.secrets.set.mutationOptions({
      // What was set is not kept by the page, either.
      gcTime: 0,
      onSuccess: () => {
        set.reset()
        setName('')
        setValue('')
      },
    }),
  )
  const isThere = names.includes(name)
  return (
    <form
      className="pad secret-form"
      aria-label={`New secret of ${team}`}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault()
        set.mutate({ team, name, value })
      }}
    >
      <input
        className="input mono"
        required
        aria-label="Name of the secret"
        placeholder="PUBLISH_TOKEN"
        list={`secrets-${team}`}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <datalist id={`secrets-${team}`}>
        {names.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <textarea
        className="input mono hidden-text"
        required
        rows={1}
        aria-label="Value"
        placeholder="Value"
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
        value={value}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || value.includes('\n')) return
          event.preventDefault()
          event.currentTarget.form?.requestSubmit()
        }}
        onChange={(event) => setValue(event.target.value)}
      />
      <button type="submit" className="btn" disabled={set.isPending}>
        {isThere ? 'Set another value' : 'Set the secret'}
      </button>
      {set.error !== null && <Fault error={set.error} />}
    </form>
  )
}

function SecretRow({ team, mayWrite, secret }: TeamSecrets & { secret: SecretView }) {
  const trpc = useTRPC()
  const remove = useMutation(trpc.secrets.remove.mutationOptions())
  return (
    <tr>
      <td className="strong mono">
        {secret.name}
        {!secret.readable && (
          <p className="why">It was kept with another key than Dagbok has now: set it anew.</p>
        )}
        {remove.error !== null && <Fault error={remove.error} />}
      </td>
      <td className="muted">
        set <Ago time={secret.setAt} />
        {secret.setBy === null ? '' : ` by ${secret.setBy}`}
      </td>
      {mayWrite && (
        <td>
          <button
            type="button"
            className="btn ghost danger"
            aria-label={`Delete secret ${secret.name}`}
            disabled={remove.isPending}
            onClick={() => remove.mutate({ team, name: secret.name })}
          >
            Delete
          </button>
        </td>
      )}
    </tr>
  )
}

/** What tasks of a team get as variables, and nobody is shown again. */
export function Secrets({ team, mayWrite }: TeamSecrets) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(trpc.secrets.list.queryOptions({ team }))
  useLive(['secret:*'], () => refetch())
  return (
    <section className="sheet" aria-label={`Secrets of ${team}`} id="secrets">
      <header>
        <h2>Secrets</h2>
        <span className="muted">
          <Words text={`what tasks with \`secrets: [NAME]\` get, in team ${team}`} />
        </span>
      </header>
      {mayWrite && <SecretForm team={team} names={(data ?? []).map(({ name }) => name)} />}
      {error !== null && <Fault error={error} />}
      {data?.length === 0 && (
        <p className="muted pad">
          No secrets. One that is set is shown to nobody again. A task that names one fails, and says which it
          lacks.
        </p>
      )}
      {data !== undefined && data.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th>Secret</th>
              <th>Set</th>
              {mayWrite && <th aria-label="Actions" />}
            </tr>
          </thead>
          <tbody>
            {data.map((secret) => (
              <SecretRow key={secret.name} team={team} mayWrite={mayWrite} secret={secret} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
