/** The row of one attempt, as a database holds it: every write is one guarded statement. */
import type { AttemptFacts, Ending, PodEnd, PodIdentity } from '#server/domain/pod/attempt-facts.ts'

import { notSeen } from '#server/domain/pod/seen-since.ts'

export const identity: PodIdentity = {
  labels: { 'app.kubernetes.io/managed-by': 'dagbok', 'dagbok.dev/attempt': '1' },
  annotations: { 'dagbok.dev/attempt-id': 'attempt-1', 'dagbok.dev/spec-hash': 'abc' },
  finalizer: 'dagbok.dev/recorded',
}

export type Terms = Pick<
  AttemptFacts,
  'startBy' | 'timeoutMs' | 'collectMs' | 'graceSeconds' | 'assumeDeadMs'
>

export class ModelRow {
  readonly #terms: Terms
  #uid: string | null = null
  #gatePassedAt: number | null = null
  #noted: { running: number | null; ended: number | null } = { running: null, ended: null }
  #ending: Ending | null = null
  #logsDone = false
  #cancelAsked = false
  /** Ends that were published: one, in the end. */
  readonly ends: PodEnd[] = []
  /** Changes with every write. */
  version = 0

  constructor(terms: Terms) {
    this.#terms = terms
  }

  read(): AttemptFacts {
    return {
      since: notSeen,
      ...this.#terms,
      identity,
      isOver: this.ends.length > 0,
      uid: this.#uid,
      gatePassedAt: this.#gatePassedAt,
      runningSeenAt: this.#noted.running,
      endSeenAt: this.#noted.ended,
      cancelAsked: this.#cancelAsked,
      ending: this.#ending,
      logsDone: this.#logsDone,
      refusal: null,
    }
  }

  get #isLive(): boolean {
    return this.ends.length === 0
  }

  #write(isAllowed: boolean, write: () => void): boolean {
    if (!isAllowed) return false
    write()
    this.version++
    return true
  }

  askCancel(): void {
    this.#write(this.#isLive, () => {
      this.#cancelAsked = true
    })
  }

  /** The start gate: the same UID passes again, no other one ever does. */
  passGate(uid: string, now: number): boolean {
    const isOpen = this.#isLive && this.#ending === null && !this.#cancelAsked
    return this.#write(isOpen && (this.#uid === null || this.#uid === uid), () => {
      this.#uid = uid
      this.#gatePassedAt ??= now
    })
  }

  commitUid(uid: string): boolean {
    return this.#write(this.#isLive && (this.#uid === null || this.#uid === uid), () => {
      this.#uid = uid
    })
  }

  note(what: 'running' | 'ended', now: number): boolean {
    return this.#write(this.#isLive, () => {
      this.#noted[what] ??= now
    })
  }

  revoke(ending: Ending): boolean {
    return this.#write(this.#isLive && this.#ending === null, () => {
      this.#ending = ending
    })
  }

  completeLogs(): boolean {
    return this.#write(true, () => {
      this.#logsDone = true
    })
  }

  publish(end: PodEnd): boolean {
    return this.#write(this.#isLive, () => {
      this.ends.push(end)
    })
  }
}
