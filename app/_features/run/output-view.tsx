'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import Markdown from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { useState } from 'react'
import type { OutputView as Output } from '#server/views/run.ts'
import { numbered } from '../../_components/numbered.ts'
import { Fault } from '../../_components/page.tsx'
import { Pages } from '../../_components/pages.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

/** Bytes of a text that is shown; rows of a page. */
const shownBytes = 200_000
const pageRows = 50

function Table({ output }: { output: Output }) {
  const trpc = useTRPC()
  const [offset, setOffset] = useState(0)
  const attemptId = output.url.split('/')[4] ?? ''
  const { data, error } = useQuery(
    trpc.runs.table.queryOptions(
      { attemptId, name: output.name, offset, limit: pageRows },
      { placeholderData: keepPreviousData },
    ),
  )
  if (error !== null) return <Fault error={error} />
  if (data === undefined) return null
  const numeric = data.columns.map(
    (_, i) =>
      data.rows.length > 0 && data.rows.every((row) => row[i] === '' || Number.isFinite(Number(row[i]))),
  )
  return (
    <>
      <table className="list">
        <thead>
          <tr>
            {data.columns.map((column, i) => (
              <th key={column} className={numeric[i] === true ? 'num' : ''}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="mono">
          {numbered(data.rows, offset).map(({ number, item: row }) => (
            <tr key={number}>
              {data.columns.map((column, i) => (
                <td key={column} className={numeric[i] === true ? 'num' : ''}>
                  {row[i]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Pages offset={offset} size={pageRows} total={data.totalRows} onOffset={setOffset} />
    </>
  )
}

async function readStart(url: string): Promise<string> {
  const response = await fetch(url, { headers: { range: `bytes=0-${shownBytes - 1}` } })
  if (!response.ok && response.status !== 416) throw new Error(`It could not be read (${response.status}).`)
  return response.status === 416 ? '' : response.text()
}

const prettyJson = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function Text({ output }: { output: Output }) {
  const { data, error } = useQuery({
    queryKey: ['text', output.url],
    queryFn: () => readStart(output.url),
    staleTime: Infinity,
  })
  if (error !== null) return <Fault error={error} />
  if (data === undefined) return null
  const cut = output.size > shownBytes && (
    <p className="muted pad">Only the beginning is shown: download it for the rest.</p>
  )
  if (output.mediaType === 'text/markdown')
    return (
      <div className="prose">
        <Markdown remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]}>
          {data}
        </Markdown>
        {cut}
      </div>
    )
  return (
    <>
      <pre className="code" tabIndex={0}>
        {output.mediaType === 'application/json' ? prettyJson(data) : data}
      </pre>
      {cut}
    </>
  )
}

/** An output as what it is; what cannot be shown is only downloaded. */
export function OutputView({ output }: { output: Output }) {
  const { mediaType } = output
  if (mediaType === 'text/csv' || mediaType === 'text/tab-separated-values') return <Table output={output} />
  if (mediaType.startsWith('image/'))
    return (
      <div className="shown pad">
        <img src={output.url} alt={output.path} />
      </div>
    )
  if (
    mediaType.startsWith('text/') ||
    ['application/json', 'application/x-ndjson', 'application/yaml'].includes(mediaType)
  )
    return <Text output={output} />
  return <p className="muted pad">{mediaType}: download it to look at it.</p>
}
