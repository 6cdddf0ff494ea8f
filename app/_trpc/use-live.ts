'use client'

import { useEffect, useEffectEvent } from 'react'
import { liveStream } from './live-stream.ts'
import { Looks } from './looks.ts'

/**
 * Looks again when one of the topics changed (`run:ID`, `dag:ID`, `log:ATTEMPT`, `repository:ID`; `dag:*` is all of a
 * kind): soon, and when the look before is over.
 * @param look resolves when what it asked for is there
 */
export function useLive(topics: readonly string[], look: () => Promise<unknown>): void {
  const again = useEffectEvent(look)
  const named = topics.join(',')
  useEffect(() => {
    if (named === '') return undefined
    const looks = new Looks(() => again())
    const stop = liveStream().watch(named.split(','), () => looks.changed())
    return () => {
      stop()
      looks.stop()
    }
  }, [named])
}
