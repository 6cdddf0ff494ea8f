import { createContext, use } from 'react'

/** How a page reaches what it shows: a session's procedures, or a share link's. */
export type ComparisonSource = { kind: 'session' } | { kind: 'share'; secret: string }

export const SourceContext = createContext<ComparisonSource>({ kind: 'session' })
export const useSource = () => use(SourceContext)
