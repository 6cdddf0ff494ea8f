'use client'

import { parseAsStringLiteral, useQueryState } from 'nuqs'
import type { VersionDiff as Diff } from '#server/views/version.ts'
import { DagGraph } from './dag-graph.tsx'
import { TextDiff } from './diff.tsx'
import { Segments } from './segments.tsx'

const views = [
  { value: 'unified', name: 'Unified' },
  { value: 'split', name: 'Split' },
] as const

function GraphSheet({ diff }: { diff: Diff }) {
  const changed = diff.graph.tasks.filter((task) => task.change !== 'same')
  const words = changed.map(
    (task) =>
      `${task.id} ${task.change}${task.renamedFrom === null ? '' : ` (was ${task.renamedFrom})`}${task.changed.length > 0 ? ` (${task.changed.join(', ')})` : ''}`,
  )
  return (
    <section className="sheet" id="graph">
      <header>
        <h2>Graph</h2>
        <span className="muted">{changed.length === 0 ? 'the same tasks' : words.join(' · ')}</span>
      </header>
      {changed.length > 0 && (
        <DagGraph
          tasks={diff.graph.tasks.map((task) => ({
            id: task.id,
            title: null,
            needs: task.needs,
            items: null,
          }))}
          changes={new Map(diff.graph.tasks.map((task) => [task.id, task.change]))}
        />
      )}
    </section>
  )
}

/** Code and graph of one version against another. */
export function VersionDiff({ diff }: { diff: Diff }) {
  const [view, setView] = useQueryState(
    'diff',
    parseAsStringLiteral(views.map((one) => one.value))
      .withDefault('unified')
      .withOptions({ history: 'push' }),
  )
  return (
    <>
      <h2 className="part" id="code">
        <span>
          Code <span className="chip base">v{diff.before.number}</span> → v{diff.after.number}
        </span>
        <span className="muted">
          {diff.files.length === 0
            ? 'the same files'
            : `${diff.files.length} file${diff.files.length === 1 ? '' : 's'}`}
        </span>
        <span className="grow" />
        {diff.files.length > 0 && (
          <Segments
            label="View of the code"
            value={view}
            options={views}
            onChange={(to) => void setView(to)}
          />
        )}
      </h2>
      {diff.files.map((file) => (
        <section className="sheet" key={file.path}>
          <header>
            <h3 className="mono">{file.path}</h3>
            <span className="muted">
              {file.change} <span className="up">+{file.addedLines}</span>{' '}
              <span className="down">−{file.removedLines}</span>
            </span>
          </header>
          {file.before === null && file.after === null ? (
            <p className="muted pad">Not a text, or too long to be shown.</p>
          ) : (
            <TextDiff before={file.before ?? ''} after={file.after ?? ''} split={view === 'split'} />
          )}
        </section>
      ))}
      <GraphSheet diff={diff} />
    </>
  )
}
