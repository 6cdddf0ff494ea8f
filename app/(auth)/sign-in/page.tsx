import type { Metadata } from 'next'
import { lookAtSignInLink } from '#server/services/session/sign-in-link.ts'
import { webContext } from '#server/web-context.ts'
import { UseLinkButton } from './use-link-button.tsx'

export const metadata: Metadata = { title: 'Sign in' }
export const dynamic = 'force-dynamic'

const said = {
  used: 'This link was used already. Each one signs in once.',
  expired: 'This link is too old. A link is good for an hour.',
  unknown: 'This is not a sign-in link of this server.',
} as const

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<{ token?: string | string[] }>
}) {
  const { token } = await searchParams
  const secret = typeof token === 'string' ? token : null
  const state = secret === null ? null : await lookAtSignInLink(webContext().db, secret)
  return (
    <main className="mx-auto flex min-h-screen max-w-sm flex-col justify-center gap-4 p-6">
      <h1 className="font-serif text-[30px] leading-tight font-semibold">Dagbok</h1>
      {secret !== null && state === 'good' ? (
        <UseLinkButton token={secret} />
      ) : (
        <>
          <p>{state === null || state === 'good' ? 'You sign in with a one-time link.' : said[state]}</p>
          <p className="text-ink-2">
            Stop the server and run <code className="font-mono text-[12px]">npm start</code> again: it prints
            a new link.
          </p>
        </>
      )}
    </main>
  )
}
