'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { Fault, TopBar } from '../../_components/page.tsx'
import { Ago } from '../../_components/time.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { Deployment } from './deployment.tsx'
import { Pools } from './pools.tsx'
import { Repositories } from './repositories.tsx'
import { Secrets } from './secrets.tsx'
import { TeamAudit } from './team-audit.tsx'
import { TokenForm } from './token-form.tsx'
import { Workers } from './workers.tsx'

function Tokens() {
  const trpc = useTRPC()
  const { data, refetch } = useQuery(trpc.account.tokens.queryOptions({}))
  const make = useMutation(trpc.account.createToken.mutationOptions({ onSuccess: () => refetch() }))
  const revoke = useMutation(trpc.account.revokeToken.mutationOptions({ onSuccess: () => refetch() }))
  return (
    <section className="sheet" aria-label="Tokens">
      <header>
        <h2>Tokens</h2>
        <span className="muted">for REST, and as the password of git</span>
      </header>
      <TokenForm
        label="What the token is for"
        placeholder="What is it for?"
        button="Make a token"
        pending={make.isPending}
        error={make.error ?? revoke.error}
        secret={make.data?.secret}
        onMake={(name, made) => make.mutate({ name }, { onSuccess: made })}
        primary
      />
      <table className="list">
        <tbody>
          {(data ?? []).map((token) => (
            <tr key={token.id}>
              <td className="strong">{token.name}</td>
              <td className="mono muted">{token.prefix}…</td>
              <td className="muted">
                {token.lastUsedAt === null ? (
                  'never used'
                ) : (
                  <>
                    used <Ago time={token.lastUsedAt} />
                  </>
                )}
              </td>
              <td className="muted">
                {token.expiresAt === null ? (
                  'no expiry'
                ) : (
                  <>
                    ends <Ago time={token.expiresAt} />
                  </>
                )}
              </td>
              <td>
                <button
                  type="button"
                  className="btn ghost danger"
                  onClick={() => revoke.mutate({ id: token.id })}
                >
                  Revoke
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function ShareLinks() {
  const trpc = useTRPC()
  const { data, refetch } = useQuery(trpc.comparisons.shareLinks.queryOptions({}))
  const revoke = useMutation(trpc.comparisons.revoke.mutationOptions({ onSuccess: () => refetch() }))
  return (
    <section className="sheet" aria-label="Share links">
      <header>
        <h2>Share links</h2>
      </header>
      {revoke.error !== null && <Fault error={revoke.error} />}
      {data?.length === 0 && (
        <p className="muted pad">Nothing is shared. A comparison has a button for it.</p>
      )}
      <table className="list">
        <tbody>
          {(data ?? []).map((link) => (
            <tr key={link.id}>
              <td>
                <b>{link.name}</b> <span className="muted">{link.runs} runs</span>
              </td>
              <td className="muted">
                by {link.createdBy} <Ago time={link.createdAt} />
              </td>
              <td className="muted">
                {link.revokedAt === null ? (
                  <>
                    ends <Ago time={link.expiresAt} />
                  </>
                ) : (
                  'revoked'
                )}
              </td>
              <td>
                {link.revokedAt === null && (
                  <button
                    type="button"
                    className="btn ghost danger"
                    onClick={() => revoke.mutate({ id: link.id })}
                  >
                    Revoke
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Ends every session of whoever presses it. */
function SignOut() {
  const press = useMutation({
    mutationFn: async () => {
      const { csrfToken } = (await (await fetch('/api/auth/csrf')).json()) as { csrfToken: string }
      const body = new URLSearchParams({ csrfToken, json: 'true' })
      const response = await fetch('/api/auth/signout', { method: 'POST', body })
      if (!response.ok) throw new Error('The server did not sign you out. Try again.')
    },
    onSuccess: () => window.location.assign('/sign-in'),
  })
  return (
    <>
      {press.error !== null && <Fault error={press.error} />}
      <button type="button" className="btn" title="In every browser" onClick={() => press.mutate()}>
        Sign out
      </button>
    </>
  )
}

/** Tokens, repositories, secrets, pools, workers, the deployment, share links and the record of whoever is signed in. */
export function SettingsPage() {
  const trpc = useTRPC()
  const me = useQuery(trpc.account.me.queryOptions({}))
  return (
    <>
      <TopBar crumbs={[{ name: 'Settings' }]}>
        <SignOut />
      </TopBar>
      <main className="page">
        <Tokens />
        <Repositories
          teams={(me.data?.teams ?? []).filter(({ role }) => role !== 'viewer').map(({ name }) => name)}
        />
        {(me.data?.teams ?? []).map(({ name, role }) => (
          <Secrets key={name} team={name} mayWrite={role === 'owner'} />
        ))}
        {(me.data?.teams ?? []).map(({ name, role }) => (
          <Pools key={name} team={name} mayWrite={role === 'owner'} />
        ))}
        {(me.data?.teams ?? []).map(({ name, role }) => (
          <Workers key={name} team={name} owner={role === 'owner'} />
        ))}
        <Deployment />
        <ShareLinks />
        {(me.data?.teams ?? []).map(({ name }) => (
          <TeamAudit key={name} team={name} />
        ))}
      </main>
    </>
  )
}
