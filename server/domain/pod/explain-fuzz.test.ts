import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixtures } from '#server/testing/pod-fixtures.ts'
import { reasonNames } from '../run/states.ts'
import { explain } from './explain.ts'
import { endOfStart } from './verdict.ts'

const scrap = fc.oneof(fc.constant(null), fc.constant(undefined), fc.jsonValue({ maxDepth: 2 }), fc.string())
const words = [
  'Running', 'Pending', 'Succeeded', 'Failed', 'Unknown', 'True', 'False', 'Evicted', 'DeadlineExceeded', 'OOMKilled',
  'Completed', 'Error', 'StartError', 'ContainerStatusUnknown', 'main', 'outputs', 'gate', 'CrashLoopBackOff',
  'ImagePullBackOff', 'CreateContainerError', 'constructor', '__proto__', '', '\0', '\ud800',
] // prettier-ignore

/** The paths of everything in a value, each as the keys that lead to it. */
const pathsIn = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
  typeof value !== 'object' || value === null
    ? [path]
    : [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))]

function put(value: unknown, path: readonly (string | number)[], instead: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return instead
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) }
  ;(copy as Record<string | number, unknown>)[key] = put(
    (copy as Record<string | number, unknown>)[key],
    rest,
    instead,
  )
  return copy
}

/** A fixture of which some parts are something else, or not there. */
const broken = fc
  .record({
    at: fc.nat(fixtures.length - 1),
    cuts: fc.array(fc.tuple(fc.nat(), fc.oneof(scrap, fc.constantFrom(...words), fc.integer())), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ at, cuts }) => {
    const [pod, events] = [fixtures[at]?.[1].pod, fixtures[at]?.[1].events]
    const paths = pathsIn({ pod, events })
    return cuts.reduce<{ pod: unknown; events: unknown }>(
      (all, [where, instead]) => {
        const path = paths[where % paths.length] ?? []
        try {
          return put(all, path.length === 0 ? ['pod'] : path, instead) as typeof all
        } catch {
          return all
        }
      },
      { pod, events },
    )
  })

const status = fc.record(
  {
    name: fc.constantFrom('main', 'gate', 'outputs', 'x'),
    state: fc.oneof(
      scrap,
      fc.record({
        waiting: fc.record({ reason: fc.constantFrom(...words), message: scrap }, { requiredKeys: [] }),
      }),
      fc.record({ running: fc.constant({ startedAt: '2026-11-27T06:00:00Z' }) }),
      fc.record({
        terminated: fc.record(
          {
            exitCode: fc.oneof(fc.constantFrom(0, 1, 137, 143, 255, 0.5, -1), scrap),
            reason: fc.constantFrom(...words),
            finishedAt: fc.constantFrom('2026-11-27T06:00:03Z', 'yesterday', null),
          },
          { requiredKeys: [] },
        ),
      }),
    ),
    lastState: scrap,
    restartCount: scrap,
  },
  { requiredKeys: [] },
)
const statuses = fc.oneof(scrap, fc.array(status, { maxLength: 3 }))
const made = fc.record({
  pod: fc.record(
    {
      metadata: fc.oneof(
        scrap,
        fc.record({ deletionTimestamp: fc.constantFrom('2026-11-27T06:00:02Z', null, 7) }),
      ),
      spec: scrap,
      status: fc.record(
        {
          phase: fc.oneof(fc.constantFrom(...words), scrap),
          reason: fc.constantFrom(...words),
          conditions: fc.oneof(
            scrap,
            fc.array(
              fc.record({
                type: fc.constantFrom('Ready', 'DisruptionTarget', 'x'),
                status: fc.constantFrom(...words),
              }),
              { maxLength: 3 },
            ),
          ),
          containerStatuses: statuses,
          initContainerStatuses: statuses,
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['status'] },
  ),
  events: fc.oneof(
    scrap,
    fc.array(
      fc.record({
        reason: fc.constantFrom(...words, 'Killing', 'Preempted'),
        message: scrap,
        lastTimestamp: scrap,
      }),
    ),
  ),
})

/** Reasons that only code which ran can have. */
const ofCode: readonly unknown[] = ['user_error', 'killed', 'oom', 'timeout', 'storage']

/** The one thing that is a success: the kubelet said so, and saw exit code 0 of `main`. */
function showsSuccess(pod: unknown): boolean {
  const { phase, containerStatuses } = ((pod as { status?: unknown } | null)?.status ?? {}) as Record<
    string,
    unknown
  >
  const all = Array.isArray(containerStatuses)
    ? (containerStatuses as ({ state?: { terminated?: { exitCode?: unknown } } } | null)[])
    : []
  return phase === 'Succeeded' && all.some((one) => one?.state?.terminated?.exitCode === 0)
}

test('[R6] whatever a pod looks like: nothing is thrown, an end has a reason, and what is not known is no success', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.oneof(broken, made, fc.record({ pod: scrap, events: scrap })), ({ pod, events }) => {
      const verdict = explain(pod, events)
      seen.add(verdict.state)
      const { state, reason, message, exitCode, userCode } = verdict
      const over = state === 'failed' || state === 'lost'
      expect(reason === null || reasonNames.includes(reason)).toBe(true)
      expect(over && reason === null).toBe(false)
      expect(reason !== null && (message === null || message.trim() === '')).toBe(false)
      expect(message ?? '').not.toMatch(/\b(None|null|undefined|NaN)\b|\[object/)
      expect((message ?? '').length).toBeLessThanOrEqual(2001)
      expect((message ?? '').isWellFormed() && !(message ?? '').includes('\0')).toBe(true)
      expect(exitCode === null || Number.isSafeInteger(exitCode)).toBe(true)
      expect(state !== 'succeeded' || showsSuccess(pod)).toBe(true)
      expect(userCode === 'not_started' && ofCode.includes(reason)).toBe(false)
      expect(endOfStart(verdict).reason).not.toBeNull()
    }),
    { numRuns: 12_000 },
  )
  expect([...seen].toSorted()).toEqual(['failed', 'lost', 'pending', 'running', 'succeeded'])
})
