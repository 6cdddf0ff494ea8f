'use client'

import { useEffect, useState } from 'react'
import { agoWords } from '#server/domain/words.ts'

export { durationWords, sizeWords } from '#server/domain/words.ts'

/** A moment, relative, with the absolute one on hover. Shown once the browser's clock is known. */
export function Ago({ time }: { time: string }) {
  const [now, setNow] = useState<number | null>(null)
  useEffect(() => {
    const tick = () => setNow(Date.now())
    tick()
    const timer = setInterval(tick, 10_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <time dateTime={time} title={new Date(time).toISOString()} suppressHydrationWarning>
      {now === null ? '' : agoWords(now - new Date(time).getTime())}
    </time>
  )
}
