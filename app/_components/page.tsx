'use client'

import { Check, Copy as CopySign } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { Fragment, useEffect, useState, type ReactNode } from 'react'
import { Words } from './words.tsx'

interface Crumb {
  name: string
  href?: string
}

/** The bar at the top of every page: where one is, its tabs, its actions. */
export function TopBar({
  crumbs,
  tabs,
  children,
}: {
  crumbs: Crumb[]
  tabs?: ReactNode
  children?: ReactNode
}) {
  return (
    <header className="top">
      <nav className="crumbs" aria-label="Where you are">
        {crumbs.map(({ name, href }, i) => (
          <Fragment key={`${name} ${href ?? ''}`}>
            {i > 0 && <i aria-hidden>/</i>}
            {href === undefined ? <b>{name}</b> : <Link href={href}>{name}</Link>}
          </Fragment>
        ))}
      </nav>
      {tabs}
      <span className="grow" />
      {children}
    </header>
  )
}

export interface DagPlace {
  team: string
  repo: string
  dag: string
}

export const dagPath = ({ team, repo, dag }: DagPlace): string => `/${team}/${repo}/${dag}`

/** Crumbs and tabs of a DAG's pages. */
export function DagBar({ place, leaf, children }: { place: DagPlace; leaf?: string; children?: ReactNode }) {
  const path = usePathname()
  const home = dagPath(place)
  const tabs = [
    { name: 'Grid', href: home },
    { name: 'Notebook', href: `${home}/notebook` },
    { name: 'Versions', href: `${home}/versions` },
    { name: 'Schedule', href: `${home}/schedule` },
    { name: 'Backfills', href: `${home}/backfills` },
  ]
  return (
    <TopBar
      crumbs={[
        { name: place.team, href: '/' },
        { name: place.repo, href: '/' },
        leaf === undefined ? { name: place.dag } : { name: place.dag, href: home },
        ...(leaf === undefined ? [] : [{ name: leaf }]),
      ]}
      tabs={
        <nav className="tabs" aria-label="Views of this DAG">
          {tabs.map(({ name, href }) => (
            <Link key={name} href={href} aria-current={path === href ? 'page' : undefined}>
              {name}
            </Link>
          ))}
        </nav>
      }
    >
      {children}
    </TopBar>
  )
}

/** A browser's own words for a server that is not there are no help: each browser has others. */
const unreachable = /^(?:Failed to fetch|Load failed|NetworkError when attempting to fetch resource\.?)$/

/** What went wrong, in the product's words. */
export function Fault({ error }: { error: { message: string } }) {
  return (
    <p role="alert" className="why">
      {(unreachable.test(error.message)
        ? 'The server does not answer: what is shown may be old. Reload the page when it is back.'
        : error.message
      )
        .split('\n')
        .map((line) => (
          <Fragment key={line}>
            <Words text={line} />
            <br />
          </Fragment>
        ))}
    </p>
  )
}

/** Nothing for the first 200 ms, then a quiet word. */
export function Loading() {
  return <p className="loading muted">Loading</p>
}

/** ms for which a copy says that it was made. */
const saidMs = 1500

function useCopy(text: string): [copied: boolean, copy: () => void] {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), saidMs)
    return () => clearTimeout(timer)
  }, [copied])
  return [copied, () => void navigator.clipboard.writeText(text).then(() => setCopied(true))]
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, copy] = useCopy(text)
  return (
    <button type="button" className="btn ghost" title={`Copy ${label}`} onClick={copy}>
      {copied ? 'Copied' : `Copy ${label}`}
    </button>
  )
}

/** A copy button for where there is no room for words. */
export function CopyIcon({ text, label }: { text: string; label: string }) {
  const [copied, copy] = useCopy(text)
  const Icon = copied ? Check : CopySign
  return (
    <button
      type="button"
      className="copyicon"
      title={`Copy ${label}`}
      aria-label={copied ? 'Copied' : `Copy ${label}`}
      onClick={copy}
    >
      <Icon aria-hidden size={12} />
    </button>
  )
}
