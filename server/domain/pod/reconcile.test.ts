import { expect, test } from 'vitest'
import { fixtures } from '#server/testing/pod-fixtures.ts'
import type { AttemptFacts, Seen } from './attempt-facts.ts'
import { cancelled } from './ends.ts'
import { afterRefusal, reconcile, type Action } from './reconcile.ts'
import { notSeen, seenSince } from './seen-since.ts'

const begin = Date.parse('2026-11-27T06:00:00Z')
const second = (s: number) => begin + s * 1000
const uid = '5d0f3c0e-6f0b-4a35-9a57-0f7a0c6f1c11'

const facts = (more: Partial<AttemptFacts> = {}): AttemptFacts => ({
  isOver: false,
  identity: {
    labels: { 'app.kubernetes.io/managed-by': 'dagbok', 'dagbok.dev/attempt': '1' },
    annotations: {},
    finalizer: 'dagbok.dev/recorded',
  },
  uid: null,
  gatePassedAt: null,
  runningSeenAt: null,
  endSeenAt: null,
  cancelAsked: false,
  ending: null,
  logsDone: false,
  startBy: second(600),
  timeoutMs: null,
  collectMs: 3_600_000,
  graceSeconds: 30,
  assumeDeadMs: null,
  since: notSeen,
  refusal: null,
  ...more,
})
const known = (more: Partial<AttemptFacts> = {}) => facts({ uid, gatePassedAt: second(2), ...more })

const absent: Seen = { kind: 'absent', events: [], isFresh: true }
function pod(name: string, isFresh = true): Seen {
  const found = fixtures.find(([one]) => one === name)?.[1]
  if (found === undefined) throw new Error(`there is no fixture ${name}`)
  return { kind: 'pod', pod: found.pod, events: found.events, isFresh }
}
/** The same, deleted with a grace in seconds, by a clock that is ahead by some. */
function within(seen: Seen, grace: number, skew: number): Seen {
  const { metadata, ...rest } = (seen.kind === 'pod' ? seen.pod : {}) as { metadata: object }
  const deletionTimestamp = new Date(second(12 + grace + skew)).toISOString()
  const deleted = { ...metadata, deletionTimestamp, deletionGracePeriodSeconds: grace }
  return { kind: 'pod', pod: { ...rest, metadata: deleted }, events: [], isFresh: true }
}
const stale = (seen: Seen): Seen => ({ ...seen, isFresh: false })
const kinds = (actions: Action[]) => actions.map(({ kind }) => kind)

test('a start: the intent is written, the pod is created, its UID is written', () => {
  expect(reconcile(facts(), absent, begin)).toEqual([{ kind: 'create' }])
  expect(reconcile(facts(), pod('pending-new'), begin)).toEqual([{ kind: 'commit_uid', uid }])
  expect(reconcile(facts({ uid }), pod('pending-new'), begin)).toMatchObject([
    { kind: 'wait', until: second(600) },
  ])
})

test('[R5] that there is no pod is believed of a read, and not of a view', () => {
  expect(reconcile(facts(), stale(absent), begin)).toEqual([{ kind: 'look' }])
  expect(reconcile(known(), stale(absent), begin)).toEqual([{ kind: 'look' }])
})

test('[R1] one that was there is never created again: it is lost', () => {
  expect(reconcile(facts({ uid }), absent, begin)).toMatchObject([
    { kind: 'publish', end: { state: 'lost', reason: 'infrastructure_unknown' } },
  ])
})

test('[R1] of its name and labels, but another UID: its own is gone, and this one goes when that is told', () => {
  const other = facts({ uid: 'another' })
  expect(kinds(reconcile(other, pod('running'), begin))).toEqual(['publish'])
  expect(reconcile({ ...other, isOver: true }, pod('running'), begin)).toEqual([
    { kind: 'delete', uid, graceSeconds: 30 },
    { kind: 'remove_finalizer', uid },
  ])
})

test('a pod of its name that is not its own is never touched', () => {
  const identity = { ...facts().identity, annotations: { 'dagbok.dev/spec-hash': 'of another spec' } }
  const actions = reconcile(facts({ identity }), pod('running'), begin)
  expect(actions).toMatchObject([{ kind: 'revoke', ending: { why: 'refused' } }])
  const ending = actions[0]?.kind === 'revoke' ? actions[0].ending : null
  expect(kinds(reconcile(facts({ identity, ending }), pod('running'), begin))).toEqual(['publish'])
  expect(kinds(reconcile(facts({ identity, isOver: true }), pod('running'), begin))).toEqual(['forget'])
})

test('an end by itself: the logs are stored, the end is published, the pod is deleted and let go', () => {
  const seen = pod('main-exit-3')
  expect(reconcile(known(), seen, second(20))).toEqual([
    { kind: 'complete_logs', uid },
    {
      kind: 'publish',
      end: {
        state: 'failed',
        reason: 'user_error',
        message: 'It ended with exit code 3.',
        container: 'main',
        exitCode: 3,
      },
    },
  ])
  expect(kinds(reconcile(known({ logsDone: true }), seen, second(20)))).toEqual(['publish'])
  expect(kinds(reconcile(known({ isOver: true }), seen, second(20)))).toEqual(['delete', 'remove_finalizer'])
  expect(kinds(reconcile(known({ isOver: true }), absent, second(20)))).toEqual(['forget'])
})

test('of a failure the events are asked for first; of a plain success a view is enough', () => {
  expect(kinds(reconcile(known(), pod('main-exit-3', false), second(20)))).toEqual(['look'])
  expect(kinds(reconcile(known(), pod('deleted-after-success', false), second(20)))).toEqual(['look'])
  expect(kinds(reconcile(known(), pod('main-succeeded', false), second(20)))).toEqual([
    'complete_logs',
    'publish',
  ])
})

test('[R17] a death: the token is revoked, the very pod is deleted, it has ended, and only then is the end published', () => {
  expect(reconcile(known({ cancelAsked: true }), pod('running'), second(20))).toEqual([
    { kind: 'revoke', ending: cancelled },
  ])
  const dying = known({ cancelAsked: true, ending: cancelled, logsDone: true })
  expect(reconcile(dying, pod('running'), second(20))).toEqual([{ kind: 'delete', uid, graceSeconds: 30 }])
  expect(kinds(reconcile(dying, pod('deleted-by-force'), second(20)))).toEqual(['publish'])
  expect(reconcile(dying, pod('deleted-by-force'), second(20))).toMatchObject([
    { end: { state: 'cancelled', reason: 'cancel_requested', exitCode: 137 } },
  ])
  expect(kinds(reconcile(dying, absent, second(20)))).toEqual(['publish'])
})

test('a deletion with a grace of an hour, by others, is made shorter, and then waited for', () => {
  const dying = known({ ending: cancelled })
  expect(kinds(reconcile(dying, pod('deleting'), second(20)))).toEqual(['delete'])
  // Whatever the clock of the cluster says.
  for (const skew of [-3600, 0, 3600])
    expect(kinds(reconcile(dying, within(pod('deleting'), 30, skew), second(20)))).toEqual(['wait'])
})

test('whose gate was shut before it was passed is not waited for: no code of it can run any more', () => {
  const dying = facts({ uid, ending: cancelled })
  expect(kinds(reconcile(dying, pod('pending-pulling'), second(20)))).toEqual(['delete', 'publish'])
})

test('what is cancelled when it has ended by itself has ended by itself', () => {
  const actions = reconcile(known({ cancelAsked: true }), pod('main-succeeded'), second(20))
  expect(actions.at(-1)).toMatchObject({ kind: 'publish', end: { state: 'succeeded' } })
})

test('[R7] what does not start in time ends for what held it back, and only a read tells that', () => {
  const late = facts({ uid, startBy: second(30) })
  expect(reconcile(late, pod('image-not-found'), second(29))).toMatchObject([
    { kind: 'wait', until: second(30), why: { reason: 'image_pull' } },
  ])
  expect(kinds(reconcile(late, pod('image-not-found', false), second(30)))).toEqual(['look'])
  expect(reconcile(late, pod('image-not-found'), second(30))).toMatchObject([
    { kind: 'revoke', ending: { why: 'start_timeout', end: { state: 'lost', reason: 'image_pull' } } },
  ])
  const refusal = { reason: 'unschedulable', message: 'The quota of its namespace is used up.' } as const
  const refused = facts({ startBy: second(30), refusal })
  expect(reconcile(refused, absent, second(30))).toMatchObject([
    {
      kind: 'revoke',
      ending: {
        end: {
          state: 'lost',
          reason: 'unschedulable',
          message: 'It did not start within its `start_timeout`. The quota of its namespace is used up.',
        },
      },
    },
  ])
})

test('[R7] its timeout counts from the start of main, whatever the clock of its node shows', () => {
  const timed = { timeoutMs: 60_000, runningSeenAt: second(5) }
  const until = (more: Partial<AttemptFacts>) =>
    reconcile(known({ ...timed, ...more }), pod('running'), second(30)).map((one) =>
      one.kind === 'wait' ? one.until : one.kind,
    )
  expect(until({})).toEqual([second(63)])
  // Its node is half a minute behind, or ahead.
  expect(until({ gatePassedAt: second(20), runningSeenAt: second(25) })).toEqual([second(80)])
  expect(until({ gatePassedAt: second(-30), runningSeenAt: second(-25) })).toEqual([second(35)])
  expect(reconcile(known(timed), pod('running'), second(63))).toMatchObject([
    { kind: 'revoke', ending: { why: 'timeout', end: { state: 'failed', reason: 'timeout' } } },
  ])
})

test('[R7] what main has left is collected within a bound, from when its end was seen', () => {
  expect(reconcile(known(), pod('collecting'), second(20))).toEqual([{ kind: 'note', what: 'ended' }])
  const seen = known({ endSeenAt: second(20), collectMs: 60_000, timeoutMs: 1 })
  expect(reconcile(seen, pod('collecting'), second(79))).toMatchObject([{ kind: 'wait', until: second(80) }])
  expect(reconcile(seen, pod('collecting'), second(80))).toMatchObject([
    { kind: 'revoke', ending: { end: { state: 'failed', reason: 'storage' } } },
  ])
})

test('a node that does not answer is waited for, or taken for dead where the task allows it', () => {
  const running = { runningSeenAt: second(3) }
  const silent = pod('node-silent')
  expect(reconcile(known(running), silent, second(9999))).toMatchObject([
    { kind: 'wait', until: null, why: { reason: 'node_lost' } },
  ])
  const since = { silentAt: second(3), deletion: null }
  const idempotent = known({ ...running, assumeDeadMs: 60_000, since })
  expect(reconcile(idempotent, silent, second(62))).toMatchObject([{ kind: 'wait', until: second(63) }])
  const [revoke] = reconcile(idempotent, silent, second(63))
  expect(revoke).toMatchObject({ kind: 'revoke', ending: { end: { state: 'lost', reason: 'node_lost' } } })
  const ending = revoke?.kind === 'revoke' ? revoke.ending : null
  expect(kinds(reconcile({ ...idempotent, ending }, silent, second(63)))).toEqual(['delete'])
  const deleted = within(pod('node-silent-deleted'), 30, 0)
  expect(kinds(reconcile({ ...idempotent, ending }, deleted, second(3700)))).toEqual(['publish'])
  expect(kinds(reconcile({ ...known(running), ending }, deleted, second(3700)))).toEqual(['wait'])
})

test('[R2] whatever the clock of the cluster says, a pod is taken for dead as long after it was seen to be silent, or to be deleted', () => {
  const dying = (now: number, seen: Seen) => {
    const since = seenSince(notSeen, seen.kind === 'pod' ? seen.pod : null, second(20))
    const all = known({ ending: cancelled, assumeDeadMs: 60_000, since })
    return kinds(reconcile(all, seen, second(now)))
  }
  for (const skew of [-600, 0, 600]) {
    const deleted = within(pod('deleting'), 30, skew)
    // Its grace, a minute in which it may be stuck, and a minute of silence.
    expect(dying(20 + 30 + 60 + 59, deleted)).toEqual(['wait'])
    expect(dying(20 + 30 + 60 + 60, deleted)).toEqual(['publish'])
    const silent = within(pod('node-silent-deleted'), 30, skew)
    expect(dying(20 + 59, silent)).toEqual(['wait'])
    expect(dying(20 + 60, silent)).toEqual(['publish'])
  }
})

test('what is seen of a pod is counted from when it was first seen so, and anew when it was otherwise', () => {
  const of = (name: string) => (pod(name) as { pod: unknown }).pod
  const silent = seenSince(seenSince(notSeen, of('node-silent'), 10), of('node-silent'), 20)
  expect(silent).toEqual({ silentAt: 10, deletion: null })
  const gone = seenSince(silent, of('node-silent-deleted'), 30)
  expect(gone).toEqual({ silentAt: 10, deletion: { at: 30, graceMs: 3_600_000 } })
  expect(seenSince(gone, of('node-silent-deleted'), 40)).toEqual(gone)
  expect(seenSince(gone, of('running'), 50)).toEqual(notSeen)
  expect(seenSince(gone, null, 50)).toEqual(notSeen)
})

test('a pod of an attempt that is over, or that nobody knows any more, goes, with whatever of ours holds it', () => {
  const forgotten = { attemptId: 'attempt-1' }
  const ours = (name: string): Seen => {
    const seen = pod(name)
    const { metadata, ...rest } = (seen.kind === 'pod' ? seen.pod : {}) as { metadata: object }
    const annotations = { 'dagbok.dev/attempt-id': 'attempt-1' }
    return {
      kind: 'pod',
      pod: { ...rest, metadata: { ...metadata, annotations } },
      events: [],
      isFresh: true,
    }
  }
  expect(reconcile(forgotten, ours('running'), begin)).toEqual([
    { kind: 'delete', uid, graceSeconds: 30 },
    { kind: 'remove_finalizer', uid },
  ])
  expect(reconcile(forgotten, ours('deleting'), begin)).toEqual([{ kind: 'remove_finalizer', uid }])
  expect(reconcile(forgotten, absent, begin)).toEqual([{ kind: 'forget' }])
  // By its name alone, or of another attempt.
  expect(reconcile(forgotten, pod('running'), begin)).toEqual([{ kind: 'forget' }])
  expect(reconcile({ attemptId: 'another' }, ours('running'), begin)).toEqual([{ kind: 'forget' }])
})

test('a create that was refused is looked at, ends it, or is tried again while there is time', () => {
  expect(afterRefusal(facts(), { kind: 'exists' }, second(5))).toEqual([{ kind: 'look' }])
  const never = {
    kind: 'never',
    reason: 'bad_config',
    message: 'A policy of the cluster forbids its pod.',
  } as const
  expect(afterRefusal(facts(), never, second(5))).toMatchObject([
    { kind: 'revoke', ending: { why: 'refused', end: { state: 'failed', reason: 'bad_config' } } },
  ])
  const later = { kind: 'later', reason: 'unschedulable', message: 'The quota is used up.' } as const
  expect(afterRefusal(facts(), later, second(5))).toEqual([{ kind: 'wait', until: second(5), why: null }])
  expect(afterRefusal(facts(), later, second(900))).toEqual([{ kind: 'wait', until: second(600), why: null }])
})
