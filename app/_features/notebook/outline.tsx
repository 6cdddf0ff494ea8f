'use client'

import type { Notebook } from '#server/views/version.ts'
import { StatusDot } from '../../_components/status.tsx'
import type { Fault } from './cell-edit.ts'
import type { Went } from './went.ts'

interface Props {
  cells: Notebook['cells']
  files: Notebook['files']
  faults: readonly Fault[]
  went: ReadonlyMap<string, Went>
}

/** The cells by name, each with how it went, and the files that the DAG can read. */
export function Outline({ cells, files, faults, went }: Props) {
  const named = cells.filter((cell) => cell.kind === 'task' || cell.kind === 'test')
  return (
    <nav className="contents-list" aria-label="Cells and files">
      {named.length > 0 && <h2>Cells</h2>}
      {named.map((cell) => {
        const how = cell.id === null ? undefined : went.get(cell.id)
        return (
          <a key={cell.start} href={`#${cell.id ?? ''}`}>
            {how === undefined ? <span className="dot none" /> : <StatusDot state={how.state} />}
            {cell.id ?? 'task'}
            <span className="muted">
              {cell.kind === 'test' ? 'test' : how !== undefined && how.items > 1 ? `×${how.items}` : ''}
            </span>
          </a>
        )
      })}
      {faults.length > 0 && (
        <p className="chip bad">
          {faults.length} fault{faults.length === 1 ? '' : 's'}
        </p>
      )}
      <h2>Files of this version</h2>
      {files.map((file) => (
        <span className="file mono" key={file.path} title={file.path}>
          {file.path}
        </span>
      ))}
    </nav>
  )
}
