/** What a command line names: DAGs, versions, runs. */
import type { DagRef } from '#server/views/common.ts'
import { UsageError } from './failure.ts'

export const firstTeam = 'main'
const name = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** `TEAM/REPO/DAG`, or `REPO/DAG` of the first team. @throws UsageError */
export function dagOf(text: string): DagRef {
  const parts = text.split('/')
  const [dag, repo, team = firstTeam] = parts.toReversed()
  if (
    parts.length > 3 ||
    dag === undefined ||
    repo === undefined ||
    ![team, repo, dag].every((part) => name.test(part))
  )
    throw new UsageError(`'${text}' names no DAG: write TEAM/REPO/DAG, or REPO/DAG for team ${firstTeam}.`)
  return { team, repo, dag }
}

/** `DAG@VERSION`; `version` is null without one. A branch may have `@` and `/` in its name. @throws UsageError */
export function versionOf(text: string): { dag: DagRef; version: string | null } {
  const at = text.indexOf('@')
  if (at === -1) return { dag: dagOf(text), version: null }
  const version = text.slice(at + 1)
  if (version === '')
    throw new UsageError(`'${text}' names no version: write DAG@v3, or a branch, tag or commit.`)
  return { dag: dagOf(text.slice(0, at)), version }
}

export type RunAddress = { id: string } | { dag: DagRef; number: number }
/** A run, or a version of which it is the newest finished one. */
export type ComparedAddress = RunAddress | { dag: DagRef; version: string }

const isAddress = (text: string) => uuid.test(text) || /#/.test(text)

/** A run's id, or `DAG#NUMBER`. @throws UsageError */
export function runOf(text: string): RunAddress {
  if (uuid.test(text)) return { id: text.toLowerCase() }
  const [, dag, number] = /^(.*)#(\d{1,9})$/.exec(text) ?? []
  if (dag === undefined || number === undefined)
    throw new UsageError(`'${text}' names no run: write its id, or DAG#NUMBER.`)
  return { dag: dagOf(dag), number: Number(number) }
}

/** A backfill: `DAG#NUMBER`, by its number within the DAG. @throws UsageError */
export function backfillOf(text: string): { dag: DagRef; number: number } {
  const [, dag, number] = /^(.*)#(\d{1,9})$/.exec(text) ?? []
  if (dag === undefined || number === undefined)
    throw new UsageError(`'${text}' names no backfill: write DAG#NUMBER.`)
  return { dag: dagOf(dag), number: Number(number) }
}

/** A task run: `TASK`, or `TASK[KEY]` for an item of an expanded task. @throws UsageError */
export function taskRunOf(text: string): { task: string; key: string | null } {
  const [, task, , key] = /^([^[\]\s]+)(\[(.+)\])?$/s.exec(text) ?? []
  if (task === undefined)
    throw new UsageError(`'${text}' names no task run: write TASK, or TASK[KEY] for an item.`)
  return { task, key: key ?? null }
}

/** What can be compared: a run, or `DAG@VERSION` for the newest finished run of it. @throws UsageError */
export function comparedOf(text: string): ComparedAddress {
  if (isAddress(text)) return runOf(text)
  const { dag, version } = text.includes('@') ? versionOf(text) : { dag: null, version: null }
  if (dag === null || version === null)
    throw new UsageError(
      `'${text}' names no run: write its id, DAG#NUMBER, or DAG@VERSION for the newest finished run of a version.`,
    )
  return { dag, version }
}

export const dagPath = ({ team, repo, dag }: DagRef): string => `/dags/${team}/${repo}/${dag}`
export const dagWords = ({ team, repo, dag }: DagRef): string => `${team}/${repo}/${dag}`
