'use client'

import { useEffect } from 'react'

/** The page's title: status, then object. null leaves what the server gave it. */
export function useTitle(title: string | null): void {
  useEffect(() => {
    if (title !== null) document.title = `${title} · Dagbok`
  }, [title])
}
