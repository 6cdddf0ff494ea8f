/** What is known of the attempts of a cluster in this process only. */
import type { Told } from '#server/domain/pod/container-end.ts'
import type { Seen } from '#server/domain/pod/attempt-facts.ts'
import type { Pod } from '#server/domain/pod/manifest.ts'
import { notSeen, seenSince, type SeenSince } from '#server/domain/pod/seen-since.ts'
import type { ShownLog } from '#server/domain/pod/shown-pod.ts'
import type { SecretMatcher } from '#server/domain/secret/secret-matcher.ts'
import type { PodRef } from './cluster-client.ts'

export interface Remembered {
  /** To be created; null: another life of this process was to, and its token is not known here. */
  manifest: Pod | null
  /** Whether a cluster has been asked for it: before that nobody can have made it. */
  isAsked: boolean
  token: string | null
  /** Of its team, by name, until its cluster has them; null: they are to be looked up. */
  secrets: Readonly<Record<string, string>> | null
  /** Finds all that it may know under their names; null: not looked up. */
  matcher: SecretMatcher | null
  /** Why its cluster does not have them. */
  secretsFault: string | null
  /** Whether its cluster has them. */
  hasSecrets: boolean
  ref: PodRef | null
  cancelAsked: boolean
  /** Why its creation was put off. */
  refusal: Told | null
  /** Its pod as it was seen last, and what was told of it. */
  seen: { pod: unknown; events: unknown } | null
  /** Logs of its containers beside `main`, once they were asked for. */
  sideLogs: ShownLog[] | null
  /** Since when it is seen to be as it is: another life begins to count anew. */
  since: SeenSince
  /** Whether what was pulled for it is written down. */
  isPulled: boolean
  /** When its events are to be asked for, since its pod waits without a word; ms of `elapsed`. null: it does not. */
  asksAt: number | null
  /** The pod that was deleted, and let go of; `at` in ms of `elapsed`. What is told of it until it is gone may be old. */
  letGo: { uid: string; at: number } | null
}

/** Of what nothing is known but that it is there. */
const nothing: Omit<Remembered, 'ref'> = {
  manifest: null,
  isAsked: false,
  token: null,
  secrets: null,
  matcher: null,
  secretsFault: null,
  hasSecrets: false,
  cancelAsked: false,
  refusal: null,
  seen: null,
  sideLogs: null,
  since: notSeen,
  isPulled: false,
  asksAt: null,
  letGo: null,
}

export class AttemptMemory {
  readonly #remembered = new Map<string, Remembered>()
  /** Attempts by their tokens. */
  readonly #byToken = new Map<string, string>()
  readonly #adopted = new Set<string>()
  /** Attempts whose last look failed. */
  readonly #failing = new Set<string>()

  /** An attempt whose intent is written. @param made its pod, and its secrets, where this process is to create it */
  remember(
    attemptId: string,
    token: string,
    ref: PodRef,
    made: { manifest: Pod | null; secrets?: Remembered['secrets'] | undefined },
  ): void {
    const { cancelAsked = false } = this.#remembered.get(attemptId) ?? {}
    const { manifest, secrets = null } = made
    this.#remembered.set(attemptId, { ...nothing, manifest, secrets, token, ref, cancelAsked })
    this.#byToken.set(token, attemptId)
  }

  /** How many of those that live were left by earlier lives. */
  get adopted(): number {
    return this.#adopted.size
  }

  /** A pod that was found; whose it is its annotation says. */
  found(attemptId: string, ref: PodRef): void {
    if (!this.#remembered.has(attemptId)) this.#remembered.set(attemptId, { ...nothing, ref })
  }

  /** An attempt that an earlier life left, unless it is known: its pod is there, or it has none. */
  adopt(attemptId: string, token: string, ref: PodRef): void {
    const known = this.#remembered.get(attemptId)
    if (known?.token == null) {
      this.remember(attemptId, token, ref, { manifest: known?.manifest ?? null })
      this.#adopted.add(attemptId)
    }
  }

  /** It is to end. @returns the attempt, where it is known here, and this is news of it */
  cancel(token: string): string | null {
    const id = this.#byToken.get(token) ?? null
    const known = id === null ? undefined : this.#remembered.get(id)
    if (known === undefined || known.cancelAsked) return null
    known.cancelAsked = true
    return id
  }

  /**
   * What was told of it before stays, where nobody was asked for that.
   * @param now of the database; ms since the epoch
   */
  see(attemptId: string, seen: Seen, now: number): void {
    const known = this.#remembered.get(attemptId)
    if (known === undefined) return
    const pod = seen.kind === 'pod' ? seen.pod : (known.seen?.pod ?? null)
    known.since = seenSince(known.since, seen.kind === 'pod' ? seen.pod : null, now)
    known.seen = { pod, events: seen.isFresh ? seen.events : (known.seen?.events ?? []) }
  }

  /** It is kept elsewhere. */
  forgetSeen(attemptId: string): void {
    const known = this.#remembered.get(attemptId)
    if (known !== undefined) known.seen = known.sideLogs = null
  }

  ids(): string[] {
    return [...this.#remembered.keys()]
  }

  /** Of all that do not fail each time, and whose pod's place is heard of. */
  tokens(isHeard: (ref: PodRef) => boolean): string[] {
    return [...this.#remembered].flatMap(([id, { token, ref }]) =>
      token === null || this.#failing.has(id) || (ref !== null && !isHeard(ref)) ? [] : [token],
    )
  }

  get(attemptId: string): Remembered | undefined {
    return this.#remembered.get(attemptId)
  }

  succeeded(attemptId: string): void {
    this.#failing.delete(attemptId)
  }

  failed(attemptId: string): void {
    if (this.#remembered.has(attemptId)) this.#failing.add(attemptId)
  }

  /** @returns what was known of it */
  forget(attemptId: string): Remembered | undefined {
    const own = this.#remembered.get(attemptId)
    this.#remembered.delete(attemptId)
    this.#adopted.delete(attemptId)
    this.#failing.delete(attemptId)
    if (own?.token != null) this.#byToken.delete(own.token)
    return own
  }
}
