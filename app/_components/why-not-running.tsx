'use client'

import Link from 'next/link'
import type { ReactNode } from 'react'
import type { WhyNotRunning } from '#server/views/why.ts'
import { Words } from './words.tsx'

/** The way within this workspace, at whatever address it is reached. */
const pathOf = (url: string): string => {
  const { pathname, search, hash } = new URL(url, 'http://dagbok.invalid')
  return pathname + search + hash
}

/** The sentence, with what it names as links. */
export function WhyWords({ why }: { why: WhyNotRunning }) {
  const parts: ReactNode[] = []
  let rest = why.sentence
  for (const [i, { text, url }] of why.links.entries()) {
    const at = rest.indexOf(text)
    if (at < 0) continue
    parts.push(
      <Words key={`before ${i}`} text={rest.slice(0, at)} />,
      <Link key={`${url} ${i}`} href={pathOf(url)}>
        {text}
      </Link>,
    )
    rest = rest.slice(at + text.length)
  }
  return (
    <>
      {parts}
      <Words text={rest} />
    </>
  )
}

/** ms between two looks at what waits: what it waits for may be elsewhere. */
export const waitingLookMs = 5000
