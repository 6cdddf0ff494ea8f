import Link from 'next/link'
import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { Toaster } from 'sonner'
import { session } from '#server/auth/session.ts'
import { ThemeButton } from '../_components/theme-button.tsx'
import { WorkspaceData } from '../_trpc/provider.tsx'

export const dynamic = 'force-dynamic'

export default async function WorkspaceLayout({ children }: { children: ReactNode }) {
  if ((await session()) === null) redirect('/sign-in')
  return (
    <WorkspaceData>
      <div className="app">
        <nav className="rail" aria-label="Workspace">
          <span className="mark" aria-hidden>
            d
          </span>
          <Link href="/" aria-label="DAGs" title="DAGs">
            <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6">
              <path d="M5 6h6M5 12h14M5 18h9" />
            </svg>
          </Link>
          <Link href="/settings" aria-label="Settings" title="Settings">
            <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6">
              <path d="M4 8h9M17 8h3M4 16h3M11 16h9" />
              <circle cx="15" cy="8" r="2" />
              <circle cx="9" cy="16" r="2" />
            </svg>
          </Link>
          <span className="grow" />
          <ThemeButton />
        </nav>
        <div>{children}</div>
      </div>
      <Toaster position="bottom-right" />
    </WorkspaceData>
  )
}
