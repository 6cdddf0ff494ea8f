'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Comparison, OutputRow } from '#server/views/comparison.ts'
import { useSource } from './comparison-source.ts'
import { unbroken } from './comparison-words.ts'
import type { imageViews } from './use-view.ts'

async function readImageDiff(url: string): Promise<{ ratio: number; image: string } | null> {
  const response = await fetch(url)
  if (!response.ok) return null
  return {
    ratio: Number(response.headers.get('x-dagbok-ratio')),
    image: URL.createObjectURL(await response.blob()),
  }
}

interface Picture {
  src: string
  /** `v1, run 3`. */
  name: string
  isBase: boolean
  alt: string
}

function Overlay({ before, after, kind }: { before: Picture; after: Picture; kind: 'swipe' | 'onion' }) {
  const [at, setAt] = useState(50)
  const style = kind === 'swipe' ? { clipPath: `inset(0 0 0 ${at}%)` } : { opacity: at / 100 }
  return (
    <figure className="overlay">
      <figcaption>
        <span className="chip base">{before.name}</span>
        <input
          type="range"
          min={0}
          max={100}
          value={at}
          aria-label={
            kind === 'swipe' ? 'Where the other picture begins' : 'How much of the other picture is seen'
          }
          onChange={(event) => setAt(Number(event.target.value))}
        />
        <span className="chip">{after.name}</span>
      </figcaption>
      <div className="stack">
        <img src={before.src} alt={before.alt} />
        <img src={after.src} alt={after.alt} style={style} />
        {kind === 'swipe' && <span className="edge" style={{ left: `${at}%` }} />}
      </div>
    </figure>
  )
}

interface Props {
  row: OutputRow
  data: Comparison
  /** Id of the run that stands against the base. */
  run: string
  view: (typeof imageViews)[number]['value']
}

/** Two pictures: side by side with the pixels that differ, or over each other. */
export function ImageDifference({ row, data, run, view }: Props) {
  const source = useSource()
  const urlOf = (url: string) =>
    source.kind === 'session'
      ? url
      : url
          .replace('/api/artifacts/attempts', `/share/${source.secret}/outputs`)
          .replace(/\/outputs\/([^/]+)$/, '/$1')
  const query = new URLSearchParams({
    task: row.task,
    name: row.name,
    run,
    runs: data.state.runs.join(','),
    base: data.base,
  })
  if (row.key !== null) query.set('key', row.key)
  const at = source.kind === 'session' ? '/api/image-diff' : `/share/${source.secret}/image-diff`
  const diffUrl = `${at}?${query.toString()}`
  const diff = useQuery({
    queryKey: ['image-diff', diffUrl],
    queryFn: () => readImageDiff(diffUrl),
    staleTime: Infinity,
  })
  const pictures = data.runs.flatMap((one, i): Picture[] => {
    const cell = row.cells[i]
    if (cell == null || (one.id !== data.base && one.id !== run)) return []
    const name = `v${one.version.number}, run ${one.number}`
    return [
      { src: urlOf(cell.url), name, isBase: one.id === data.base, alt: `${row.path} of run ${one.number}` },
    ]
  })
  const before = pictures.find((one) => one.isBase)
  const after = pictures.find((one) => !one.isBase)
  if (before === undefined || after === undefined)
    return <p className="muted pad">Only one of the two runs has it.</p>
  const share = diff.data == null ? null : unbroken(`${(diff.data.ratio * 100).toFixed(1)} %`)
  if (view !== 'side')
    return (
      <div className="images">
        <Overlay before={before} after={after} kind={view} />
      </div>
    )
  return (
    <div className="images">
      {[before, after].map((one) => (
        <figure key={one.name}>
          <figcaption>
            <span className={one.isBase ? 'chip base' : 'chip'}>{one.name}</span>
          </figcaption>
          <img src={one.src} alt={one.alt} />
        </figure>
      ))}
      {diff.data != null && (
        <figure>
          <figcaption>
            differing pixels <b>{share}</b>
          </figcaption>
          <img src={diff.data.image} alt="Differing pixels" />
        </figure>
      )}
    </div>
  )
}
