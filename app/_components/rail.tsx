'use client'

import { ListTree, SlidersHorizontal } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'

/** The way between pages that belong to no DAG. `children` are what is pressed from everywhere. */
export function Rail({ children }: { children: ReactNode }) {
  const path = usePathname()
  return (
    <nav className="rail" aria-label="Workspace">
      <Link className="mark" href="/" aria-label="Dagbok" tabIndex={-1}>
        d
      </Link>
      <Link href="/" aria-label="DAGs" title="DAGs" aria-current={path === '/' ? 'page' : undefined}>
        <ListTree aria-hidden />
      </Link>
      <Link
        href="/settings"
        aria-label="Settings"
        title="Settings"
        aria-current={path === '/settings' ? 'page' : undefined}
      >
        <SlidersHorizontal aria-hidden />
      </Link>
      <span className="grow" />
      {children}
    </nav>
  )
}
