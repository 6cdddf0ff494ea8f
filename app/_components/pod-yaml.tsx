'use client'

import { Fragment } from 'react'
import type { PodView } from '#server/views/pod.ts'
import { Code } from './code/code.tsx'
import { CopyIcon } from './page.tsx'
import { Words } from './words.tsx'

/** A pod as YAML, with what is not known of it yet, and what its cluster told of it. */
export function PodYaml({ pod }: { pod: PodView }) {
  const { says, yaml, open, events, logs } = pod
  return (
    <>
      <p className="muted">
        <Words text={says} />
      </p>
      {open.length > 0 && (
        <ul className="muted" aria-label="Known later">
          {open.map(({ source, why }) => (
            <li key={source}>
              <span className="mono">‹{source}›</span> is known later: {why}
            </li>
          ))}
        </ul>
      )}
      {yaml !== null && (
        <>
          <h3>
            YAML <CopyIcon text={yaml} label="YAML of the pod" />
          </h3>
          <pre className="code sunk" role="group" aria-label="YAML of the pod" tabIndex={0}>
            <Code text={yaml.trimEnd()} language="yaml" />
          </pre>
        </>
      )}
      {events.length > 0 && (
        <>
          <h3>Events of the pod</h3>
          <ol className="events" aria-label="Events of the pod">
            {events.map(({ at, reason, message }, i) => (
              // Events of a fixed list have no name but their number.
              // oxlint-disable-next-line react/no-array-index-key
              <li key={i}>
                <time dateTime={at ?? ''} title={at ?? ''} className="mono muted">
                  {at?.slice(11, 19) ?? ''}
                </time>
                <span>
                  {reason}
                  {message === null ? '' : `: ${message}`}
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
      {logs.map(({ container, text }) => (
        <Fragment key={container}>
          <h3>The end of the log of {container}</h3>
          <pre className="code sunk" role="group" aria-label={`Log of ${container}`} tabIndex={0}>
            {text.trimEnd()}
          </pre>
        </Fragment>
      ))}
    </>
  )
}
