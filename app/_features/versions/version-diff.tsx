'use client'

import type { VersionDiff as Diff } from '#server/views/version.ts'
import { TextDiff } from '../../_components/diff.tsx'
import { DagGraph } from '../graph/dag-graph.tsx'

/** Code and graph of one version against another. */
export function VersionDiff({ diff }: { diff: Diff }) {
  const changed = diff.graph.tasks.filter((task) => task.change !== 'same')
  return (
    <>
      <div className="sheet">
        <header>
          <h2>Graph</h2>
          <span className="muted">
            {changed.length === 0
              ? 'the same tasks'
              : changed
                  .map(
                    (task) =>
                      `${task.id} ${task.change}${task.changed.length > 0 ? ` (${task.changed.join(', ')})` : ''}`,
                  )
                  .join(' · ')}
          </span>
        </header>
        <DagGraph
          tasks={diff.graph.tasks.map((task) => ({
            id: task.id,
            title: null,
            needs: task.needs,
            items: null,
          }))}
          changes={new Map(diff.graph.tasks.map((task) => [task.id, task.change]))}
        />
      </div>
      {diff.files.map((file) => (
        <div className="sheet" key={file.path}>
          <header>
            <h2 className="mono">{file.path}</h2>
            <span className="muted">
              {file.change} <span className="up">+{file.addedLines}</span>{' '}
              <span className="down">−{file.removedLines}</span>
            </span>
          </header>
          {file.before === null && file.after === null ? (
            <p className="muted pad">Not a text, or too long to be shown.</p>
          ) : (
            <TextDiff before={file.before ?? ''} after={file.after ?? ''} />
          )}
        </div>
      ))}
      {diff.files.length === 0 && <p className="muted">The same files.</p>}
    </>
  )
}
