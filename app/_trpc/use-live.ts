'use client'

import { useEffect, useEffectEvent } from 'react'
import { liveStream } from './live-stream.ts'

/** ms in which changes are told together. */
const togetherMs = 100

/** Calls back when one of the topics changed (`run:ID`, `dag:ID`, `log:ATTEMPT`, `repository:ID`; `dag:*` is all of a kind). */
export function useLive(topics: readonly string[], changed: () => void): void {
  const tell = useEffectEvent(changed)
  const named = topics.join(',')
  useEffect(() => {
    if (named === '') return undefined
    let timer: ReturnType<typeof setTimeout> | null = null
    const stop = liveStream().watch(named.split(','), () => {
      timer ??= setTimeout(() => {
        timer = null
        tell()
      }, togetherMs)
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [named])
}
