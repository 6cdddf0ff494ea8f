/** What a pod is told to be: its state, and why. */
import { keptText } from '../json.ts'
import type { Reason } from '../run/states.ts'

export interface PodVerdict {
  /**
   * `pending` and `running` are no ends: with a reason they say what holds the pod back, or what is about to end it. `lost` is
   * an end that says nothing of the user's code; every other end is `failed` or `succeeded`.
   */
  state: 'pending' | 'running' | 'succeeded' | 'failed' | 'lost'
  /** Never null for `failed` and `lost`. */
  reason: Reason | null
  /** One or more sentences; never null where there is a reason. */
  message: string | null
  /** Whom the reason is about, where it is one container. */
  container: string | null
  /** Of that container, as the kubelet tells it: 128 + n after the signal n. */
  exitCode: number | null
  /** Whether code of the user's image can have run, as far as this observation goes; of a pod that goes on it may a moment later. */
  userCode: 'not_started' | 'may_have_started' | 'started'
}

export type UserCode = PodVerdict['userCode']

/** Ends by the user's own doing, or by what he asked for; anything else says nothing of his code. */
const own: ReadonlySet<Reason> = new Set<Reason>([
  'user_error',
  'killed',
  'oom',
  'timeout',
  'bad_config',
  'storage',
])
/** Characters of a message: a kubelet may quote whole files. */
const longest = 2000

export const cutMessage = (text: string): string => {
  const kept = keptText(text.trim())
  return kept.length <= longest ? kept : `${keptText(kept.slice(0, longest))}…`
}

/** `TEXT.` and not `TEXT..`; words of others end as they like. */
export const sentence = (text: string): string =>
  /[.!?…]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`

interface End {
  reason: Reason
  message: string
  container?: string | null
  exitCode?: number | null
  userCode: UserCode
}

/** An end for a reason. */
export function ended({ reason, message, container = null, exitCode = null, userCode }: End): PodVerdict {
  return {
    state: own.has(reason) ? 'failed' : 'lost',
    reason,
    message: cutMessage(message),
    container,
    exitCode,
    userCode,
  }
}

/** What has not ended. */
export const goesOn = (
  state: 'pending' | 'running',
  userCode: UserCode,
  why: { reason: Reason; message: string; container?: string | null; exitCode?: number | null } | null,
): PodVerdict => ({
  state,
  reason: why?.reason ?? null,
  message: why === null ? null : cutMessage(why.message),
  container: why?.container ?? null,
  exitCode: why?.exitCode ?? null,
  userCode,
})

/**
 * The end of an attempt whose code did not start within its `start_timeout`: for what held it back then.
 * @param held what was seen of its pod last
 */
export function endOfStart(held: PodVerdict): PodVerdict {
  const told = held.message === null ? '' : ` ${held.message}`
  return ended({
    reason: held.reason ?? 'infrastructure_unknown',
    message: `It did not start within its \`start_timeout\`.${told}`,
    container: held.container,
    exitCode: held.exitCode,
    userCode: held.userCode === 'started' ? 'may_have_started' : held.userCode,
  })
}
