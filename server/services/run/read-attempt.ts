import { findAttempt, resultsOfAttempt, type AttemptRow } from '#db/queries/attempt-record.ts'
import { interventionsOf } from '#db/queries/intervention.ts'
import type { RunViewRow } from '#db/queries/run-view.ts'
import { bundleOfVersion, specOf } from '#db/queries/version.ts'
import { inWrittenOrder } from '../../domain/dag/written-order.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { attemptEvents, type AttemptEvent } from '../../domain/run/attempt-record.ts'
import { reasons, reasonWords } from '../../domain/run/states.ts'
import { nameOf } from '../../domain/run/why/sentence.ts'
import { machineOf } from '../../domain/words.ts'
import type { AttemptRecord } from '../../views/attempt.ts'
import type { ServiceContext } from '../context.ts'
import { attemptView, isoOrNull } from './views.ts'

export interface AttemptPlace {
  task: string
  key: string | null
  n: number
}

interface Deed extends AttemptEvent {
  /** What is said of an attempt that it ended; null: it ended none. */
  ended: string | null
}

/** What people did to the task run, or to its run, until this attempt was over. */
async function deedsUntil(
  ctx: ServiceContext,
  row: RunViewRow,
  { task, key }: AttemptPlace,
  { endedAt }: AttemptRow['attempt'],
): Promise<Deed[]> {
  const marks = (await interventionsOf(ctx.db, [row.id])).flatMap(
    ({ deed, by, at, outcome, ...of }): Deed[] => {
      if (of.task !== task || of.key !== key || deed.kind !== 'mark') return []
      const what = `${by ?? 'Someone'} marked it as ${deed.as}: ${deed.reason}`
      // One that came too late, or to what had ended, is a note.
      const ended = outcome === 'applied' ? `${by ?? 'Someone'} marked its task as ${deed.as}.` : null
      return [{ at: at.toISOString(), what, ended }]
    },
  )
  const { cancelledBy, cancelRequestedAt } = row
  const cancels =
    cancelRequestedAt === null
      ? []
      : [
          {
            at: cancelRequestedAt.toISOString(),
            what:
              cancelledBy === null
                ? 'The end of its run was asked for.'
                : `${cancelledBy} asked for the end of its run.`,
            ended: reasonWords('cancel_requested', { cancelledBy, answeredBy: null }),
          },
        ]
  return [...marks, ...cancels]
    .filter(({ at }) => endedAt === null || at <= endedAt.toISOString())
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
}

/** Who or what ended an attempt that was asked to end: the first who could; clean-up, which began later, the last. */
function enderOf({ createdAt }: AttemptRow['attempt'], row: RunViewRow, deeds: readonly Deed[]): string {
  const enders = deeds.filter(({ ended }) => ended !== null)
  const first = enders.find(({ at }) => at >= createdAt.toISOString()) ?? enders.at(-1)
  const pushedOut = row.stopping === 'pushed_out' || row.reason === 'pushed_out'
  return first?.ended ?? reasons[pushedOut ? 'pushed_out' : 'cancel_requested']
}

/** How it ended, in words: `Failed. It ended with exit code 3.`, `Succeeded, exit code 0.` */
function endWords(attempt: AttemptRow['attempt'], row: RunViewRow, deeds: readonly Deed[]): string {
  const { state, reason, message, exitCode, signal } = attempt
  const word = `${state[0]?.toUpperCase() ?? ''}${state.slice(1)}`
  const why =
    message ??
    (reason === 'cancel_requested'
      ? enderOf(attempt, row, deeds)
      : reason === null
        ? null
        : reasonWords(reason, { cancelledBy: row.cancelledBy, answeredBy: null }))
  if (why !== null) return `${word}. ${why}`
  const code = exitCode === null ? '' : `, exit code ${exitCode}`
  return `${word}${code}${signal === null ? '' : `, signal ${signal}`}.`
}

/** What it was given; of files of the version, their blobs. `written` are the names of the params in their order. */
async function givenOf(
  ctx: ServiceContext,
  row: RunViewRow,
  { attempt }: AttemptRow,
  written: readonly string[] | undefined,
): Promise<AttemptRecord['given']> {
  const given = attempt.record
  if (given === null) return null
  const files = Object.values(given.inputs).some((input) => input.kind === 'repository_file')
  const bundle = files ? ((await bundleOfVersion(ctx.db, row.versionId))?.bundle ?? []) : []
  const blobs = new Map(bundle.map(({ path, blob }) => [path, blob]))
  return {
    ...given,
    params: inWrittenOrder(given.params, written),
    inputs: Object.fromEntries(
      Object.entries(given.inputs).map(([name, input]) => [
        name,
        input.kind === 'repository_file' ? { ...input, blob: blobs.get(input.path) ?? null } : input,
      ]),
    ),
  }
}

function argvOf({ handle }: AttemptRow['attempt']): string[] | null {
  const argv = handle?.['argv']
  return Array.isArray(argv) && argv.every((one) => typeof one === 'string') ? argv : null
}

/** All that is kept of one attempt: it stays as it was, whatever the next one does. @throws DagbokError `not_found` */
export async function readAttempt(
  ctx: ServiceContext,
  row: RunViewRow,
  place: AttemptPlace,
): Promise<AttemptRecord> {
  const found = await findAttempt(ctx.db, { runId: row.id, ...place })
  if (found === null)
    throw new DagbokError('not_found', `${nameOf(place)} of run ${row.number} has no attempt ${place.n}.`)
  const { attempt, pid } = found
  // Behind a colon it names the folder, which says nothing to people.
  const host = found.host === null ? null : machineOf(found.host)
  const spec = await specOf(ctx.db, row.versionId)
  const declared = spec?.tasks.find((one) => one.id === place.task)?.metrics ?? {}
  const { outputs, metrics, values } = await resultsOfAttempt(ctx.db, attempt.id)
  const deeds = await deedsUntil(ctx, row, place, attempt)
  const view = attemptView({ ...attempt, logBytes: found.logBytes, logLines: found.logLines })
  return {
    ...view,
    task: place.task,
    key: place.key,
    kind: attempt.kind,
    submittedAt: isoOrNull(attempt.submittedAt),
    worker: attempt.workerId === null ? null : { id: attempt.workerId, host, pid },
    argv: argvOf(attempt),
    given: await givenOf(ctx, row, found, spec?.order?.params),
    outputs: outputs.map(({ name, path, size, hash, mediaType }) => ({
      name,
      path,
      size,
      hash,
      mediaType,
      url: `/api/artifacts/attempts/${attempt.id}/outputs/${name}`,
    })),
    metrics: metrics.map(({ name, step, value, declared: known }) => ({
      name,
      step,
      value,
      declared: known,
      better: declared[name]?.better ?? null,
    })),
    values: values.map(({ name, value, declared: known }) => ({
      name,
      value: value ?? null,
      declared: known,
    })),
    events: attemptEvents(
      {
        created: view.createdAt,
        submitted: isoOrNull(attempt.submittedAt),
        started: view.startedAt,
        ended: view.endedAt,
      },
      host === null ? 'a worker' : `the worker on ${host}`,
      endWords(attempt, row, deeds),
      deeds.flatMap(({ at, what }) => (at >= view.createdAt ? [{ at, what }] : [])),
    ),
  }
}
