import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { Toaster } from 'sonner'
import { session } from '#server/auth/session.ts'
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
        <div>{children}</div>
      </div>
      <Toaster position="bottom-right" />
    </WorkspaceData>
  )
}
