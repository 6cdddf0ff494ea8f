import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { Toaster } from 'sonner'
import { session } from '#server/auth/session.ts'
import { isOpen } from '#server/config/web.ts'
import { KeysHelp } from '../_components/keys-help.tsx'
import { Rail } from '../_components/rail.tsx'
import { ThemeButton } from '../_components/theme-button.tsx'
import { Palette } from '../_features/palette/palette.tsx'
import { WorkspaceData } from '../_trpc/provider.tsx'

export const dynamic = 'force-dynamic'

export default async function WorkspaceLayout({ children }: { children: ReactNode }) {
  if ((await session()) === null) redirect('/sign-in')
  return (
    <WorkspaceData>
      <div className="app">
        <Rail>
          <Palette />
          <KeysHelp />
          <ThemeButton />
        </Rail>
        <div>
          {isOpen() && (
            <p className="banner" role="note">
              Other machines reach this server, and tasks run as processes of it: every author can do what it
              can (<code>DAGBOK_ALLOW_PROCESS</code>).
            </p>
          )}
          {children}
        </div>
      </div>
      <Toaster position="bottom-right" />
    </WorkspaceData>
  )
}
