'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Copy, Fault } from '../../_components/page.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

/** The repositories of one's teams, and a form that makes one. @param teams those in which one may */
export function Repositories({ teams }: { teams: readonly string[] }) {
  const trpc = useTRPC()
  const { data, refetch } = useQuery(trpc.account.repositories.queryOptions({}))
  const make = useMutation(trpc.account.createRepository.mutationOptions({ onSuccess: () => refetch() }))
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string | null>(null)
  const team = chosen ?? teams[0]
  return (
    <section className="sheet" aria-label="Repositories">
      <header>
        <h2>Repositories</h2>
        <span className="muted">a push to a new name makes one, too</span>
      </header>
      {team !== undefined && (
        <form
          className="pad"
          onSubmit={(event) => {
            event.preventDefault()
            make.mutate({ team, name }, { onSuccess: () => setName('') })
          }}
        >
          {teams.length > 1 && (
            <select
              className="input"
              aria-label="Team of the repository"
              value={team}
              onChange={(event) => setChosen(event.target.value)}
            >
              {teams.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          )}{' '}
          <input
            className="input"
            aria-label="Name of the repository"
            placeholder="Name of a new one"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />{' '}
          <button type="submit" className="btn" disabled={make.isPending}>
            Make a repository
          </button>
          {make.error !== null && <Fault error={make.error} />}
        </form>
      )}
      {data?.length === 0 && (
        <p className="muted pad">No repository yet. The page of DAGs says how to push the first one.</p>
      )}
      <table className="list">
        <tbody>
          {(data ?? []).map((one) => (
            <tr key={one.id}>
              <td className="strong">
                {one.team}/{one.name}
              </td>
              <td className="mono">
                git clone {one.gitUrl} <Copy text={`git clone ${one.gitUrl}`} label="command" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
