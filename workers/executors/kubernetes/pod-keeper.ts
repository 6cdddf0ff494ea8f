/**
 * Looks after the pod of one attempt at a time: reads what is known, asks the core what is next, does it, and asks again. It
 * may be asked at any time, by a watch, a timer, a list, or by nobody for a while: what is to be done is a function of what is.
 */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { addToHandle, liveAttempt, saveHeld } from '#db/queries/pod.ts'
import { assertNever } from '#server/domain/errors/errors.ts'
import type { Json } from '#server/domain/json.ts'
import type { AttemptFacts, Seen } from '#server/domain/pod/attempt-facts.ts'
import { explain } from '#server/domain/pod/explain.ts'
import { finalizer } from '#server/domain/pod/names.ts'
import { afterRefusal, reconcile, type Action } from '#server/domain/pod/reconcile.ts'
import { explainRefusal } from '#server/domain/pod/refusal.ts'
import type { PodVerdict } from '#server/domain/pod/verdict.ts'
import { noSecrets } from '#server/domain/secret/secret-matcher.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import { endWithout } from '../end-without.ts'
import type { AttemptSink } from '../executor.ts'
import type { ClusterClient, PodObject, PodRef } from './cluster-client.ts'
import { AttemptMemory } from './attempt-memory.ts'
import { ClusterError } from './cluster-error.ts'
import { endOf, factsOf, usualCollectMs } from './pod-end.ts'
import { podHandleOf, type PodHandle } from './pod-handle.ts'
import type { PodLogs } from './pod-logs.ts'
import { notePulled, seenFor } from './pod-record.ts'
import type { KnownPod, PodSecrets } from './pod-secrets.ts'
import { PodSight } from './pod-sight.ts'
import { QuietPods } from './quiet-pods.ts'
import { sideLogs } from './side-logs.ts'
import { realTiming, type Timing } from './timing.ts'
import type { Again } from './work-queue.ts'

export interface KeeperOptions {
  /** Its name: pods of another one are that one's, also where both are the same cluster under two names. */
  cluster: string
  /** ms after which a node that does not answer is taken for dead; null: it is waited for. */
  assumeDeadMs: number | null
  /** ms that bringing away what was left may take. */
  collectMs?: number | undefined
  client: ClusterClient
  db: Database
  artifacts: ArtifactStore
  secrets: PodSecrets
  sink: AttemptSink
  logs: PodLogs
  log: Logger
  /** A pod as the watch heard of it last. */
  viewed: (ref: PodRef) => PodObject | null
  /** Told of each attempt that holds nothing any more. */
  over: (attempt: { id: string; token: string | null }) => void
  timing?: Pick<Timing, 'elapsed'>
}

/** What the row says: not ours to do anything about yet, or at all; null: it is over, or there is none. */
type Row = KnownPod | 'unsaid' | 'elsewhere' | null

interface Look {
  known: KnownPod | null
  facts: AttemptFacts | null
  ref: PodRef
  seen: Seen
  /** Of the database; ms since the epoch. */
  now: number
}

/** Steps of one look: more than any order of them takes. */
const mostSteps = 40
/** ms until a pod that was let go is looked for. */
const goneMs = 10_000
/** ms until what a cluster refused for now is tried again. */
const refusedMs = 5000

type Step = 'again' | 'look' | { made: PodObject } | { done: Again }

export class PodKeeper {
  readonly #options: KeeperOptions
  readonly memory = new AttemptMemory()
  readonly #stopped = new AbortController()
  readonly #quiet: QuietPods
  readonly #sight: PodSight

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#sight = new PodSight(options)
    this.#quiet = new QuietPods((options.timing ?? realTiming).elapsed)
  }

  /** Asks the cluster nothing more; what it was asked is not waited for. */
  stop(): void {
    this.#stopped.abort(new Error('stopped'))
  }

  /** Does what is next for an attempt. @throws what the cluster, the database and the store throw: it is to be asked again */
  async look(attemptId: string): Promise<Again> {
    try {
      const again = await this.#look(attemptId)
      this.memory.succeeded(attemptId)
      return again
    } catch (error) {
      this.memory.failed(attemptId)
      throw error
    }
  }

  async #look(attemptId: string): Promise<Again> {
    // What was written only here does not change the pod: where the core wants to know it anew, it says so.
    let isFresh = this.#quiet.isDue(this.memory.get(attemptId))
    let made: PodObject | null = null
    for (let step = 0; step < mostSteps; step++) {
      const own = this.memory.get(attemptId)
      if (own === undefined) return null
      const known = await this.#known(attemptId)
      // It is being submitted, or was by somebody who says more than is understood here: whoever did goes on, or its lease ends.
      if (known === 'unsaid') return null
      if (known === 'elsewhere') return this.#forget(attemptId)
      const ref = known === null ? own.ref : refOf(known.handle)
      if (ref === null) return this.#forget(attemptId)
      const now = known?.attempt.now ?? Date.now()
      const { assumeDeadMs, collectMs = usualCollectMs } = this.#options
      const factsNow = () =>
        known === null ? null : factsOf(known.attempt, known.handle, { ...own, assumeDeadMs, collectMs })
      const isUnmade = own.manifest !== null && !own.isAsked
      const seen = await this.#sight.see(ref, known, { isFresh, isUnmade, made, own }, this.#stopped.signal)
      this.memory.see(attemptId, seen, now)
      const facts = factsNow()
      if (known !== null) {
        await this.#options.secrets.give(known, own, seen, this.#stopped.signal)
        await notePulled(this.#options.db, own, known.handle, known.attempt.versionId, seen)
      }
      const next = await this.#act(attemptId, {
        known,
        facts,
        ref,
        seen,
        actions: reconcile(facts ?? { attemptId }, seen, now),
        now,
      })
      if (typeof next === 'object' && 'done' in next) return next.done
      if (typeof next === 'object') ({ made } = next)
      isFresh = next === 'look'
    }
    throw new Error(`the pod of attempt ${attemptId} took more than ${mostSteps} steps in one look`)
  }

  async #known(attemptId: string): Promise<Row> {
    const attempt = await liveAttempt(this.#options.db, attemptId)
    if (attempt === null) return null
    const handle = podHandleOf(attempt.handle)
    if (handle === null) return 'unsaid'
    return handle.cluster === this.#options.cluster ? { attempt, handle } : 'elsewhere'
  }

  async #act(attemptId: string, look: Look & { actions: Action[] }): Promise<Step> {
    await this.#hearSides(attemptId, look)
    const { known, actions } = look
    const going = actions.find((one) => one.kind === 'delete' || one.kind === 'remove_finalizer')
    if (known === null && going !== undefined) return this.#letGo(attemptId, going.uid, look)
    for (const action of actions) {
      const step = await this.#do(attemptId, action, look)
      if (step !== 'again') return step
    }
    return going === undefined ? 'again' : 'look'
  }

  /**
   * What is over goes. The watch tells when it is gone, and if it does not, a look at everything; what it tells of this pod until
   * then was there before, and is not answered once more.
   */
  async #letGo(attemptId: string, uid: string, look: Look & { actions: Action[] }): Promise<Step> {
    const { elapsed } = this.#options.timing ?? realTiming
    const own = this.memory.get(attemptId)
    const before = own?.letGo ?? null
    const leftMs = before?.uid === uid ? before.at + goneMs - elapsed() : 0
    if (leftMs > 0) return { done: { againMs: leftMs } }
    for (const action of look.actions) await this.#do(attemptId, action, look)
    if (own !== undefined) own.letGo = { uid, at: elapsed() }
    return { done: { againMs: goneMs } }
  }

  /** Before it is ended or let go, for with its containers their logs go. Of what ends because somebody wants it to, nobody asks why. */
  async #hearSides(
    attemptId: string,
    { known, ref, seen, actions }: Look & { actions: Action[] },
  ): Promise<void> {
    const own = this.memory.get(attemptId)
    const revoked = actions.find((action) => action.kind === 'revoke')
    if (revoked === undefined && !actions.some(({ kind }) => kind === 'publish')) return
    const { why = null } = revoked?.ending ?? known?.handle.ending ?? {}
    const isWanted = why === 'cancel' || why === 'timeout'
    if (isWanted || seen.kind === 'absent' || own === undefined || own.sideLogs !== null) return
    const logs = await sideLogs(this.#options.client, ref, seen.pod, this.#stopped.signal)
    const matcher =
      known === null ? noSecrets : await this.#options.secrets.matcherOf(known.attempt, known.handle, own)
    own.sideLogs = logs.map((one) => ({ ...one, text: matcher.without(one.text, true) }))
  }

  async #do(attemptId: string, action: Action, { known, facts, ref, seen, now }: Look): Promise<Step> {
    const { client, logs } = this.#options
    const { signal } = this.#stopped
    switch (action.kind) {
      case 'look':
        return 'look'
      case 'forget':
        return { done: this.#forget(attemptId) }
      case 'wait': {
        if (known !== null) {
          logs.follow(known.attempt, ref, known.handle)
          await this.#sayHeld(attemptId, known, action.why)
        }
        const quiet = this.#quiet.look(this.memory.get(attemptId), action.why, seen)
        const lacking = this.memory.get(attemptId)?.secretsFault == null ? null : refusedMs
        const waits = [quiet, lacking, action.until === null ? null : Math.max(0, action.until - now)]
        const [againMs] = waits.filter((ms) => ms !== null).toSorted((a, b) => a - b)
        return { done: againMs === undefined ? null : { againMs } }
      }
      case 'delete':
        await client.deletePod(ref, { uid: action.uid, graceSeconds: action.graceSeconds }, signal)
        return 'again'
      case 'remove_finalizer':
        await client.removeFinalizer(ref, { uid: action.uid, finalizer }, signal)
        return 'again'
      default:
        if (known === null || facts === null) return 'again'
        return this.#write(attemptId, action, { known, facts, ref, seen, now })
    }
  }

  async #write(
    attemptId: string,
    action: Exclude<Action, { kind: 'look' | 'forget' | 'wait' | 'delete' | 'remove_finalizer' }>,
    { known, facts, ref, seen, now }: Look & { known: KnownPod; facts: AttemptFacts },
  ): Promise<Step> {
    const { logs } = this.#options
    const { token } = known.attempt
    switch (action.kind) {
      case 'create':
        return this.#create(attemptId, { known, facts, ref, seen, now })
      case 'commit_uid':
        return this.#add(token, { uid: action.uid })
      case 'note':
        return this.#add(token, { [action.what === 'running' ? 'runningSeenAt' : 'endSeenAt']: now })
      case 'revoke':
        return this.#add(token, { ending: action.ending as unknown as Json })
      case 'complete_logs':
        // What never ran has written nothing.
        if (seen.kind === 'absent' || explain(seen.pod, seen.events).userCode !== 'not_started')
          if (!(await logs.complete(known.attempt, ref, known.handle))) return { done: { againMs: 1000 } }
        return this.#keep(attemptId, known, now, { logsDone: true })
      case 'publish':
        await this.#keep(attemptId, known, now, {})
        return this.#publish(attemptId, known, action)
      default:
        return assertNever(action)
    }
  }

  /** Adds to its handle, with how its pod was seen last: it ends. */
  async #keep(
    attemptId: string,
    { attempt, handle }: KnownPod,
    now: number,
    more: Record<string, Json>,
  ): Promise<Step> {
    const all = { ...more, ...seenFor(this.memory.get(attemptId), handle, now) }
    if (Object.keys(all).length > 0) await this.#add(attempt.token, all)
    this.memory.forgetSeen(attemptId)
    return 'again'
  }

  async #add(token: string, more: Record<string, Json>): Promise<Step> {
    await addToHandle(this.#options.db, token, more)
    return 'again'
  }

  async #create(attemptId: string, look: Look & { known: KnownPod; facts: AttemptFacts }): Promise<Step> {
    const { known, facts, now } = look
    const own = this.memory.get(attemptId)
    // Whoever was to create it is gone with its token: no code has started, and none can.
    if (own === undefined || own.manifest === null) return this.#lostIntent(attemptId, known)
    own.isAsked = true
    try {
      const { namespace } = known.handle
      const made = await this.#options.client.createPod(namespace, own.manifest, this.#stopped.signal)
      own.refusal = null
      await this.#add(known.attempt.token, { uid: made.metadata.uid })
      return { made }
    } catch (error) {
      if (!(error instanceof ClusterError) || error.status === null) throw error
      const refusal = explainRefusal(error.status, error.body)
      if (refusal.kind === 'later') own.refusal = refusal
      const actions = afterRefusal(facts, refusal, now + Math.max(refusedMs, error.retryAfterMs ?? 0))
      return this.#act(attemptId, { ...look, actions })
    }
  }

  /** Whoever looks at the run is told what is waited for, and no longer than it is. */
  async #sayHeld(attemptId: string, { attempt, handle }: KnownPod, why: PodVerdict | null): Promise<void> {
    const { secretsFault = null, refusal = null } = this.memory.get(attemptId) ?? {}
    const words = secretsFault ?? why?.message ?? refusal?.message ?? null
    const before = handle.held ?? null
    if (words === before) return
    await saveHeld(this.#options.db, attempt.token, words)
  }

  async #lostIntent(attemptId: string, known: KnownPod): Promise<Step> {
    const end = {
      state: 'lost' as const,
      reason: 'worker_lost' as const,
      message: 'Dagbok was ended before it had made its pod.',
      container: null,
      exitCode: null,
    }
    return this.#publish(attemptId, known, { kind: 'publish', end })
  }

  async #publish(
    attemptId: string,
    { attempt, handle }: KnownPod,
    { end }: Extract<Action, { kind: 'publish' }>,
  ): Promise<Step> {
    const { sink, artifacts, secrets, log } = this.#options
    const matcher = await secrets.matcherOf(attempt, handle, this.memory.get(attemptId))
    const whole = endWithout(await endOf(end, handle, artifacts), matcher)
    if (!(await sink.ended(attempt.token, whole)))
      log.warn({ attempt: attemptId }, 'a pod’s attempt was over')
    this.#options.over({ id: attemptId, token: attempt.token })
    return 'again'
  }

  #forget(attemptId: string): null {
    const own = this.memory.forget(attemptId)
    void this.#options.logs.forget(attemptId)
    this.#options.over({ id: attemptId, token: own?.token ?? null })
    return null
  }
}

const refOf = ({ namespace, pod }: PodHandle): PodRef => ({ namespace, name: pod })
