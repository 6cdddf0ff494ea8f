'use client'

import { useEffect, useEffectEvent } from 'react'

/** ms in which changes are told together. */
const togetherMs = 100

/** Calls back when one of the topics changed (`run:ID`, `dag:ID`, `log:ATTEMPT`, `repository:ID`; `dag:*` is all of a kind). */
export function useLive(topics: readonly string[], changed: () => void): void {
  const tell = useEffectEvent(changed)
  const named = topics.join(',')
  useEffect(() => {
    if (named === '') return undefined
    const source = new EventSource(`/api/live?topics=${encodeURIComponent(named)}`)
    let timer: ReturnType<typeof setTimeout> | null = null
    const hear = () => {
      timer ??= setTimeout(() => {
        timer = null
        tell()
      }, togetherMs)
    }
    source.addEventListener('message', hear)
    // What happened while the line was down was not heard.
    source.addEventListener('open', hear)
    return () => {
      source.close()
      if (timer !== null) clearTimeout(timer)
    }
  }, [named])
}
