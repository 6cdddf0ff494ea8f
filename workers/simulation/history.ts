/** The append-only history of a simulation: who did what, when. It is kept raw, and put in words when somebody reads it. */
import type { AttemptJob } from '../executors/executor.ts'
import type { Committed } from './store/database.ts'
import type { Change, Rows } from './store/tables.ts'
import type { World } from './world.ts'

interface Code {
  attemptId: string
  runId: string
  task: string
  n: number
  who: string
}

export type Entry = { at: number } & (
  | ({ kind: 'committed' } & Committed)
  | ({ kind: 'code_started' } & Code)
  | ({ kind: 'code_ended' } & Code)
  /** A fault, one of them a clock that jumps; or what a person did. */
  | { kind: 'fault' | 'jump' | 'deed' | 'phase' | 'log'; text: string }
)
type Unstamped<T> = T extends unknown ? Omit<T, 'at'> : never

export class History {
  readonly entries: Entry[] = []
  readonly #world: World
  readonly #seen: (entry: Entry) => void

  constructor(world: World, seen: (entry: Entry) => void) {
    this.#world = world
    this.#seen = seen
  }

  add(what: Unstamped<Entry>): void {
    const entry: Entry = { at: this.#world.now, ...what }
    this.entries.push(entry)
    this.#seen(entry)
  }

  codeStarted({ attemptId, runId, task, n }: AttemptJob, who: string): void {
    this.add({ kind: 'code_started', attemptId, runId, task, n, who })
  }

  codeEnded({ attemptId, runId, task, n }: AttemptJob, who: string): void {
    this.add({ kind: 'code_ended', attemptId, runId, task, n, who })
  }
}

const words: { [Name in Change['table']]?: (row: never) => string } = {
  run: (row: Rows['run']) =>
    `${row.state}${row.reason === null ? '' : ` (${row.reason})`}${row.cancelRequestedAt === null ? '' : ' cancel asked'}${row.stopping === null ? '' : ` stopping: ${row.stopping}`}`,
  taskRun: (row: Rows['taskRun']) =>
    `${row.runId} ${row.task}${row.key === null ? '' : `[${row.key}]`} ${row.state}${row.reason === null ? '' : ` (${row.reason})`}`,
  attempt: (row: Rows['attempt']) =>
    `of ${row.taskRunId} n=${row.n} ${row.state}${row.reason === null ? '' : ` (${row.reason})`}`,
  schedule: (row: Rows['schedule']) =>
    `${row.dagId} '${row.key}' cursor ${row.cursor.toISOString()} next ${row.nextTick?.toISOString() ?? 'none'}`,
  intervention: (row: Rows['intervention']) =>
    `${row.deed.kind} of ${row.taskRunId} ${row.outcome ?? 'open'}`,
}

function changeWords({ table, id, before, after }: Change): string | null {
  if (after === null) return `${id} gone`
  const say = words[table] as ((row: unknown) => string) | undefined
  if (say === undefined) return null
  const now = say(after)
  return before !== undefined && say(before) === now ? null : `${id} ${now}`
}

function entryWords(entry: Entry): string[] {
  switch (entry.kind) {
    case 'committed':
      return entry.changes.flatMap((change) => {
        const text = changeWords(change)
        return text === null ? [] : [`${entry.who}: ${text}`]
      })
    case 'code_started':
    case 'code_ended':
      return [
        `${entry.who}: CODE of ${entry.runId} ${entry.task} n=${entry.n} (${entry.attemptId}) ${entry.kind === 'code_started' ? 'starts' : 'ends'}`,
      ]
    default:
      return [`${entry.kind === 'log' ? '  log' : `*** ${entry.kind}`}: ${entry.text}`]
  }
}

/** A line each, with the ms of virtual time. */
export const tell = (entries: readonly Entry[]): string[] =>
  entries.flatMap((entry) => entryWords(entry).map((text) => `${entry.at.toFixed(1).padStart(10)}  ${text}`))
