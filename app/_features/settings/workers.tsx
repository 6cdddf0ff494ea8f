'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { whyFull } from '#server/domain/space.ts'
import { machineOf, workerWords } from '#server/domain/words.ts'
import { Fault } from '../../_components/page.tsx'
import { Ago } from '../../_components/time.tsx'
import { Words } from '../../_components/words.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { TokenForm } from './token-form.tsx'

/** ms between two looks: a worker that falls silent says no word. */
const lookMs = 15_000

function Tokens({ team }: { team: string }) {
  const trpc = useTRPC()
  const { data, refetch } = useQuery(trpc.workers.tokens.queryOptions({ team }))
  const again = { onSuccess: () => refetch() }
  const make = useMutation(trpc.workers.createToken.mutationOptions(again))
  const revoke = useMutation(trpc.workers.revokeToken.mutationOptions(again))
  return (
    <>
      <TokenForm
        label="Which workers the token is for"
        placeholder="Which workers is it for?"
        button="Make a worker token"
        pending={make.isPending}
        error={make.error ?? revoke.error}
        secret={make.data?.secret}
        onMake={(name, made) => make.mutate({ team, name }, { onSuccess: made })}
      >
        <br />
        <code className="mono">
          DAGBOK_WORKER_TOKEN={'…'} dagbok worker --server {window.location.origin}
        </code>
      </TokenForm>
      <table className="list">
        <tbody>
          {(data ?? []).map((token) => (
            <tr key={token.id}>
              <td className="strong">{token.name}</td>
              <td className="mono muted">{token.prefix}…</td>
              <td className="muted">
                by {token.createdBy} <Ago time={token.createdAt} />
              </td>
              <td>
                <button
                  type="button"
                  className="btn ghost danger"
                  onClick={() => revoke.mutate({ team, id: token.id })}
                >
                  Revoke
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

/** Workers of a team's pool; to its owners also the tokens they come with. */
export function Workers({ team, owner }: { team: string; owner: boolean }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery({
    ...trpc.workers.list.queryOptions({ team }),
    refetchInterval: lookMs,
  })
  useLive(['worker:*', 'dag:*'], () => refetch())
  return (
    <section className="sheet" aria-label={`Workers of ${team}`}>
      <header>
        <h2>Workers of {team}</h2>
        <span className="muted">
          <Words text="for tasks with `executor: pool`" />
        </span>
      </header>
      {error !== null && <Fault error={error} />}
      {data?.length === 0 && (
        <p className="muted pad">
          <Words
            text={`No machine but the server’s own works for ${team}. A token and \`dagbok worker\` on another one change that.`}
          />
        </p>
      )}
      <table className="list">
        <tbody>
          {(data ?? []).map((worker) => (
            <tr key={worker.id}>
              <td className="strong" title={worker.host}>
                {machineOf(worker.host)}
              </td>
              <td className="mono">{worker.queues.join(' ')}</td>
              <td className="muted">
                {worker.held} of {worker.slots} busy
              </td>
              <td className="muted">
                {workerWords(worker)}, {worker.silent ? 'last heard' : 'started'}{' '}
                <Ago time={worker.silent ? worker.heartbeatAt : worker.startedAt} />
                {worker.full !== null && !worker.silent && <div>{whyFull(worker.full)}</div>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {owner && <Tokens team={team} />}
    </section>
  )
}
