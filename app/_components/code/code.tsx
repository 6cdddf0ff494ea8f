'use client'

import { classHighlighter, highlightCode } from '@lezer/highlight'
import { memo, type ReactNode } from 'react'
import { languageOf } from './languages.ts'

/** Characters beyond which a text is shown without colours: reading it would hold up the page. */
const longest = 100_000

function lines(text: string, name: string): ReactNode[] {
  const language = text.length > longest ? null : languageOf(name)
  if (language === null) return text.split('\n')
  const out: ReactNode[][] = [[]]
  highlightCode(
    text,
    language.parser.parse(text),
    classHighlighter,
    (part, classes) => {
      const line = out.at(-1)
      line?.push(
        classes === '' ? (
          part
        ) : (
          <span key={line.length} className={classes}>
            {part}
          </span>
        ),
      )
    },
    () => out.push([]),
  )
  return out
}

/** A text in its language, to be read. `from` numbers its lines, 1-based; without one they have no number. */
export const Code = memo(function Code({
  text,
  language,
  from,
}: {
  text: string
  language: string
  from?: number
}) {
  const all = lines(text, language)
  return all.map((line, i) => (
    // Lines of a fixed text have no name but their number.
    // oxlint-disable-next-line react/no-array-index-key
    <span className="l" key={i}>
      {from !== undefined && <span className="n">{from + i}</span>}
      {line}
      {'\n'}
    </span>
  ))
})
