/**
 * What the end of a container means, by its exit code and the reason that the kubelet gives. Decisions:
 *
 * - `OOMKilled` with an exit code other than 137: a child was killed for memory, and `main` ended by itself afterwards. Memory is
 *   what is to be looked at, so that the reason is `oom`; the exit code is told, but its lists (`skip_exit_codes`, …) are not asked.
 *   With exit code 0 it says that it coped: that is a success.
 * - 137 without `OOMKilled`: SIGKILL from elsewhere, `killed`. Any other 128 + n is left an exit code, since a program may choose it
 *   and the lists of exit codes are its author's; the message names the signal.
 * - `StartError`, `ContainerCannotRun`: the runtime could not start it, so that no code ran. What the author can put right is
 *   `bad_config`.
 * - `ContainerStatusUnknown`, and 255 with `Unknown`: the kubelet or the runtime did not see the end. A kubelet tells the first also
 *   of a container that it had not made when the pod was ended: that one has no id.
 */
import type { Reason } from '../run/states.ts'
import { containerNames } from './build-pod.ts'
import type { PodEnd } from './attempt-facts.ts'
import type { ObservedContainer, Terminated } from './observed.ts'
import { sentence } from './verdict.ts'

const unstarted: ReadonlySet<string> = new Set(['StartError', 'ContainerCannotRun'])
/** Nobody saw how it ended. */
const unseen: ReadonlySet<string> = new Set(['ContainerStatusUnknown', 'Unknown'])

export const couldNotStart = ({ reason }: Terminated): boolean => reason !== null && unstarted.has(reason)
export const wasUnseen = ({ reason, exitCode }: Terminated): boolean =>
  exitCode === null || (reason !== null && unseen.has(reason))

/** Whether no code of it can have run: it was never made, or could not be started. */
export function neverRan({ state, last, isMade }: ObservedContainer): boolean {
  if (last !== null && !couldNotStart(last)) return false
  if (state.kind === 'waiting') return true
  if (state.kind !== 'terminated') return false
  return (
    couldNotStart(state) || (!isMade && state.reason === 'ContainerStatusUnknown' && state.startedAt === null)
  )
}

const signals: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  139: 'SIGSEGV',
  141: 'SIGPIPE',
  142: 'SIGALRM',
  143: 'SIGTERM',
}

export const exitWords = (code: number | null): string => {
  if (code === null) return 'It ended, and its exit code is not known.'
  const signal = Object.hasOwn(signals, code) ? `, as after ${signals[code]}` : ''
  return `It ended with exit code ${code}${signal}.`
}

/** What the author of a task can put right, in the words of runc and containerd. */
const ofAuthor =
  /executable file not found|no such file or directory|permission denied|not a directory|is a directory|exec format error|chdir to cwd|argument list too long|invalid argument|unable to find user|unable to find group|no such user/i

export const startFault = (words: string | null): Reason =>
  ofAuthor.test(words ?? '') ? 'bad_config' : 'infrastructure_unknown'

/** How the first process of a pod ended, as under every executor: a code that it chose, or the signal that ended it. */
export interface Exit {
  exitCode: number | null
  signal: 'SIGKILL' | 'SIGTERM' | null
}

/** What runtimes say of what they could not start. */
const startErrors: ReadonlySet<number> = new Set([126, 127, 128])

/**
 * Of a container of ours it tells nothing: the code is that of `main`, and where nobody brought away what that left, it was 0.
 * 137 and 143 are signals where something is known to have sent one: its memory, somebody on its node, or we, to end it. Else they are codes
 * that a program may choose, as all others: its author's lists of exit codes are asked.
 * @param isEnded whether it was ended by us
 */
export function exitOf(
  { reason, exitCode, container }: Pick<PodEnd, 'reason' | 'exitCode' | 'container'>,
  isEnded: boolean,
): Exit {
  if (container === containerNames.gate) return { exitCode: null, signal: null }
  if (container === containerNames.outputs)
    return { exitCode: reason === 'storage' && !isEnded ? 0 : null, signal: null }
  const isSent = isEnded || reason === 'killed' || reason === 'oom'
  if (isSent && exitCode === 137) return { exitCode: null, signal: 'SIGKILL' }
  if (isSent && exitCode === 143) return { exitCode: null, signal: 'SIGTERM' }
  const isUnstarted = reason === 'bad_config' || reason === 'infrastructure_unknown'
  return { exitCode: isUnstarted && startErrors.has(exitCode ?? 0) ? null : exitCode, signal: null }
}

export interface Told {
  reason: Reason
  message: string
}

/** null: it ended with 0. */
export function endOf(end: Terminated): Told | null {
  const { exitCode, reason, message } = end
  if (couldNotStart(end))
    return {
      reason: startFault(message),
      message: `It could not be started: ${sentence(message ?? 'the node does not say why')}`,
    }
  if (wasUnseen(end))
    return {
      reason: 'infrastructure_unknown',
      message: `Its node did not see how it ended (${reason ?? 'no exit code'}): it may have been restarted.`,
    }
  if (exitCode === 0) return null
  if (reason === 'OOMKilled')
    return {
      reason: 'oom',
      message:
        exitCode === 137
          ? 'It used more memory than it was given, and was killed.'
          : `A process of it was killed for memory, and then it ended with exit code ${exitCode}.`,
    }
  if (exitCode === 137)
    return { reason: 'killed', message: 'It was ended by SIGKILL, and its node does not say by whom.' }
  return { reason: 'user_error', message: exitWords(exitCode) }
}

/** A failed end of a container that is no code of the user's, in words. */
export function failureWords({ name, state, last, restarts }: ObservedContainer): string | null {
  const end = state.kind === 'terminated' ? state : last
  if (end === null || end.exitCode === 0) return null
  const often = restarts > 0 ? ` It was started again ${restarts} times.` : ''
  const memory = end.reason === 'OOMKilled' ? ' It used more memory than it was given.' : ''
  // The agent's last words, or those of the runtime.
  const words = end.message ?? (couldNotStart(end) || end.exitCode === null ? end.reason : null)
  const why = words === null ? '' : ` ${sentence(words)}`
  return `The container ${name} failed with exit code ${end.exitCode ?? 'unknown'}.${memory}${why}${often}`
}
