'use client'

import { useState } from 'react'

async function signIn(token: string): Promise<boolean> {
  const { csrfToken } = (await (await fetch('/api/auth/csrf')).json()) as { csrfToken: string }
  const body = new URLSearchParams({ csrfToken, token, json: 'true' })
  const response = await fetch('/api/auth/callback/link', { method: 'POST', body })
  return response.ok
}

/** Uses the link up. Only a press does: a preview of the link in a chat must not. */
export function UseLinkButton({ token }: { token: string }) {
  const [state, setState] = useState<'ready' | 'busy' | 'refused'>('ready')
  const press = async () => {
    setState('busy')
    const done = await signIn(token).catch(() => false)
    if (done) window.location.assign('/')
    else setState('refused')
  }
  return (
    <>
      <button
        type="button"
        disabled={state === 'busy'}
        onClick={() => void press()}
        className="h-9 rounded-md bg-accent px-3 font-medium text-on-accent disabled:opacity-60"
      >
        Sign in
      </button>
      {state === 'refused' && (
        <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-bad">
          The link did not sign you in: it was used or is too old. Run{' '}
          <code className="font-mono">npm start</code> again for a new one.
        </p>
      )}
    </>
  )
}
