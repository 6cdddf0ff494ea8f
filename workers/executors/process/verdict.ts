/** How an attempt ended: by what ended it, its exit code, and what it left. */
import { isOutage } from '#db/outage.ts'
import { failpoint } from '#server/config/failpoint.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { parseMetrics } from '#server/domain/result/metrics.ts'
import { parseValues } from '#server/domain/result/values.ts'
import type { AttemptStore } from '#server/storage/artifact-store.ts'
import type { LogWriter } from '#server/storage/logs/log-writer.ts'
import { attemptEnd, type AttemptEnd, type AttemptJob } from '../executor.ts'
import { collectOutputs, readReport, type AttemptFolder } from './attempt-folder.ts'
import type { Exit } from './spawner/spawner.ts'

/** What made an attempt end, when it did not by itself. */
export type Why = 'cancel' | 'timeout' | 'run_timeout' | 'oom' | 'stop' | 'start' | 'fenced'

export interface Over {
  job: AttemptJob
  folder: AttemptFolder
  artifacts: AttemptStore
  log: LogWriter
  exit: Exit
  why: Why | null
  /** Whether its disk is full, and whether it was while its code ran. */
  full: { now: boolean; ever: boolean }
}

export const stopped = attemptEnd(
  'lost',
  'worker_stopped',
  'Its worker was stopped. The task begins again, as a new attempt, once there is one.',
)

/** Its code has not started, so that it is not its failure. */
export const tooLate = attemptEnd(
  'lost',
  'infrastructure_unknown',
  'It did not start within its `start_timeout`.',
)

/** The end of one that was ended, or whose log could not be kept; null when it ended by itself. */
function forced({ job, log, why }: Over): AttemptEnd | null {
  if (why === 'stop') return stopped
  if (why === 'cancel') return attemptEnd('cancelled', 'cancel_requested', null)
  if (why === 'timeout')
    return attemptEnd('failed', 'timeout', `It took longer than its timeout of ${job.timeout} ms.`)
  if (why === 'run_timeout')
    return attemptEnd('failed', 'timeout', 'Its run took longer than its `run_timeout`.')
  if (why === 'oom')
    return attemptEnd('failed', 'oom', `It used more than its ${job.memory} bytes of memory.`)
  if (log.failure === null) return null
  return isOutage(log.failure)
    ? attemptEnd('failed', 'storage', 'Its log could not be recorded.')
    : fault(log.failure)
}

export type Results = Pick<AttemptEnd, 'metrics' | 'values'>

/**
 * What a task left in its reports.
 * @param folder has `values` and `metrics`
 * @returns with a sentence where they cannot be read
 */
export async function readResults(
  folder: { path: string },
  job: Pick<AttemptJob, 'metrics' | 'values'>,
): Promise<{ results: Results; problem: string | null }> {
  try {
    const results = {
      metrics: parseMetrics(await readReport(folder, 'metrics'), job.metrics),
      values: parseValues(await readReport(folder, 'values'), job.values),
    }
    return { results, problem: null }
  } catch (error) {
    return {
      results: { metrics: [], values: [] },
      problem: error instanceof Error ? error.message : String(error),
    }
  }
}

const noRoom = (what: string) =>
  attemptEnd('failed', 'storage', `The disk of its worker is full: ${what}. Make room there.`)

async function own(over: Over): Promise<AttemptEnd> {
  const { code, signal } = over.exit
  const { results, problem } = await readResults(over.folder, over.job)
  // Whether its code saw that its writes failed, and what it made of that, nobody can say.
  if (over.full.now || (over.full.ever && code !== 0))
    return { ...noRoom('what it wrote may not be whole'), ...results }
  if (code !== 0) {
    const how = signal === null ? `It ended with exit code ${code}.` : `It was ended by ${signal}.`
    return { ...attemptEnd('failed', signal === null ? 'user_error' : 'killed', how), ...results }
  }
  if (problem !== null) return attemptEnd('failed', 'user_error', problem)
  const { outputs, missing } = await collectOutputs(over.folder, over.artifacts, over.job)
  await failpoint('output.publish.after-effect-before-record', over.job.task)
  if (missing.length === 0) return { ...attemptEnd('succeeded', null, null), outputs, ...results }
  return { ...leftOut(missing), outputs, ...results }
}

/** @param missing declared outputs that were not left, as they are told */
export const leftOut = (missing: readonly string[]): AttemptEnd =>
  attemptEnd(
    'failed',
    'missing_output',
    `It ended with 0, but did not leave ${missing.join(', ')} in DAGBOK_OUT.`,
  )

/** null when it was fenced: its end is not ours to write. @throws DagbokError `unavailable` from the store */
export async function judge(over: Over): Promise<AttemptEnd | null> {
  if (over.why === 'fenced' || over.log.fenced) return null
  const end = forced(over) ?? (await own(over))
  return { ...end, exitCode: over.exit.code, signal: over.exit.signal }
}

/** The end of one that could not be started, or whose results could not be kept. */
export function fault(error: unknown): AttemptEnd {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof DagbokError && error.code === 'unavailable')
    return attemptEnd('failed', 'storage', error.message)
  if (code === 'ENOSPC' || code === 'EDQUOT') return noRoom('its files could not be written')
  if (code === 'E2BIG' || code === 'ERR_INVALID_ARG_VALUE')
    return attemptEnd(
      'failed',
      'bad_config',
      'Its command and environment are too long for this machine, or hold a NUL: hand large values over as files.',
    )
  return attemptEnd(
    'lost',
    'infrastructure_unknown',
    error instanceof DagbokError ? error.message : 'It could not be started on this machine.',
  )
}
