'use client'

import Link from 'next/link'
import type { RunState } from '#server/domain/run/states.ts'
import type { VersionSummary } from '#server/views/version.ts'
import { CopyIcon, dagPath, type DagPlace } from '../../_components/page.tsx'
import { StatusDot } from '../../_components/status.tsx'
import { Ago } from '../../_components/time.tsx'

interface Props {
  place: DagPlace
  versions: readonly VersionSummary[]
  a: number | null
  b: number | null
  onPair: (pair: { a?: number; b?: number }) => void
  onRun: (version: number) => void
}

const branchOf = (ref: string) => ref.replace(/^refs\/(heads|tags)\//, '')

/** Characters of a digest that tell it from others. */
const shortDigest = (digest: string) => digest.slice(0, 'sha256:'.length + 12)

/** Images that have come to be others under the same name. */
function Drifts({ images }: { images: VersionSummary['images'] }) {
  return images.flatMap(({ image, digest, drift }) =>
    drift === null
      ? []
      : [
          <div
            className="wait-words"
            key={image}
            title={`${image}@${digest}, since ${drift.seenAt} ${drift.digest}`}
          >
            <span className="mono">{image}</span> stays <span className="mono">{shortDigest(digest)}</span>{' '}
            here; its name means <span className="mono">{shortDigest(drift.digest)}</span> since{' '}
            <Ago time={drift.seenAt} />
          </div>,
        ],
  )
}

/** Versions, newest first; two of them are picked by the circles before them. */
export function VersionsTable({ place, versions, a, b, onPair, onRun }: Props) {
  return (
    <div className="sheet">
      <table className="list">
        <thead>
          <tr>
            <th>From</th>
            <th>To</th>
            <th>Version</th>
            <th>Commit</th>
            <th>Author</th>
            <th>At</th>
            <th className="num">Tasks</th>
            <th className="num">Runs</th>
            <th>Last run</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <tr key={version.id} className={version.number === a || version.number === b ? 'sel' : ''}>
              {(['a', 'b'] as const).map((end) => (
                <td key={end} style={{ width: 36 }}>
                  <input
                    type="radio"
                    name={end}
                    aria-label={`Difference ${end === 'a' ? 'from' : 'to'} v${version.number}`}
                    checked={(end === 'a' ? a : b) === version.number}
                    onChange={() => onPair({ [end]: version.number })}
                  />
                </td>
              ))}
              <td className="strong">v{version.number}</td>
              <td className="subject">
                <span className="sha">{version.commit.slice(0, 7)}</span>
                <CopyIcon text={version.commit} label={`commit of v${version.number}`} /> {version.subject}{' '}
                {version.refs.map((ref) => (
                  <span className="chip" key={ref}>
                    {branchOf(ref)}
                  </span>
                ))}
                <Drifts images={version.images} />
              </td>
              <td>{version.author}</td>
              <td className="muted">
                <Ago time={version.committedAt} />
              </td>
              <td className="num">{version.tasks}</td>
              <td className="num">{version.runs}</td>
              <td>
                {version.lastRun !== null && (
                  <Link href={`${dagPath(place)}/runs/${version.lastRun.number}`}>
                    <StatusDot state={version.lastRun.state as RunState} /> run {version.lastRun.number}
                  </Link>
                )}
              </td>
              <td>
                <button type="button" className="btn ghost" onClick={() => onRun(version.number)}>
                  Run
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
