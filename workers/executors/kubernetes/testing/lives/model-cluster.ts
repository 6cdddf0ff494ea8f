/**
 * A cluster with one node and one name for a pod, small enough to be true: what runs on the node and what the API server tells of it
 * are two things, and the node may be cut off, late, or gone.
 */
import type { Random } from '#workers/simulation/random.ts'
import { iso, toJson, type Containers, type ModelPod } from './model-json.ts'
import type { ModelRow } from './model-row.ts'

const isFinal = ({ phase }: ModelPod) => phase === 'Succeeded' || phase === 'Failed'

export class ModelCluster {
  readonly #row: ModelRow
  readonly #random: Random
  readonly #skewMs: number
  readonly #controlSkewMs: number
  now: number
  pod: ModelPod | null = null
  /** What runs, whether the API knows of it or not. */
  readonly running = new Map<string, Containers>()
  /** UIDs whose `main` has started: the ledger. */
  readonly starts: string[] = []
  /** Exit codes of what ended, and the UIDs of what ended with 0 and brought all away without having been told to stop. */
  readonly exits = new Map<string, number>()
  readonly succeeded = new Set<string>()
  isSilent = false
  isNodeGone = false
  readonly #events: object[] = []
  #isToAskAgain = false
  #uids = 0

  /** @param skewMs how far the node's clock is ahead. @param controlSkewMs how far that of the control plane is */
  constructor(row: ModelRow, random: Random, now: number, skewMs: number, controlSkewMs: number) {
    this.#row = row
    this.#random = random
    this.now = now
    this.#skewMs = skewMs
    this.#controlSkewMs = controlSkewMs
  }

  // What the API server does when it is asked.

  read(): unknown {
    return this.pod === null ? null : toJson(this.pod, this.#controlSkewMs)
  }

  /** Of every pod: whoever reads them leaves out those of another. */
  events(): unknown {
    return { items: [...this.#events] }
  }

  create(isOurs = true): string | null {
    if (this.pod !== null) return null
    const uid = `uid-${++this.#uids}`
    this.pod = {
      uid,
      isOurs,
      hasFinalizer: isOurs,
      isBound: false,
      deletion: null,
      disruption: null,
      silentSince: null,
      told: null,
      phase: 'Pending',
    }
    return uid
  }

  delete(uid: string | null, graceSeconds: number): boolean {
    const { pod } = this
    if (pod === null || (uid !== null && pod.uid !== uid)) return false
    const isToEnd = pod.isBound && !isFinal(pod)
    if (pod.deletion === null) pod.deletion = { at: this.now, graceSeconds: isToEnd ? graceSeconds : 0 }
    else pod.deletion.graceSeconds = Math.min(pod.deletion.graceSeconds, graceSeconds)
    this.#collect()
    return true
  }

  removeFinalizer(uid: string): boolean {
    if (this.pod === null || this.pod.uid !== uid) return false
    this.pod.hasFinalizer = false
    this.#collect()
    return true
  }

  /** A pod that is deleted goes when its node has ended it, or never had it, or is gone, and nothing holds it. */
  #collect(): void {
    const { pod } = this
    if (pod === null || pod.deletion === null || pod.hasFinalizer) return
    if (isFinal(pod) || !pod.isBound || pod.deletion.graceSeconds === 0) this.pod = null
  }

  // What happens by itself, one step of chance at a time.

  step(): void {
    const steps = [() => this.#bind(), () => this.#report(), () => this.#notice(), () => this.#askAgain()]
    for (const one of this.running.values())
      steps.push(
        () => this.#gate(one),
        () => this.#start(one),
        () => this.#end(one),
        () => this.#collected(one),
      )
    this.#random.pick(steps)()
    this.#collect()
  }

  #bind(): void {
    if (this.pod !== null && this.pod.deletion === null && !this.isNodeGone) this.pod.isBound = true
  }

  /** The kubelet sees what is to run, and what is to end. */
  #notice(): void {
    if (this.isSilent || this.isNodeGone) return
    const { pod, running } = this
    for (const one of running.values()) if (pod?.uid !== one.uid || pod.deletion !== null) this.#tell(one)
    if (pod === null || !pod.isBound || !pod.isOurs || isFinal(pod) || running.has(pod.uid)) return
    // One that it was told to run and never began: it ends at once.
    if (pod.deletion !== null) pod.phase = 'Failed'
    else
      running.set(pod.uid, {
        uid: pod.uid,
        gate: 'new',
        main: 'new',
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        collector: 'running',
        isTold: false,
      })
  }

  #tell(one: Containers): void {
    if (one.main === 'running' && !one.isTold) this.#event(one, 'Killing')
    one.isTold = true
  }

  #event({ uid }: Containers, reason: string): void {
    const involvedObject = { uid, fieldPath: 'spec.containers{main}' }
    this.#events.push({ reason, involvedObject, lastTimestamp: iso(this.now + this.#skewMs) })
  }

  #gate(one: Containers): void {
    if (one.gate !== 'new' || one.isTold) return
    // Its answer may be lost: then it asks again.
    const passes = this.#row.passGate(one.uid, this.now)
    if (this.#random.chance(0.2)) return
    one.gate = passes ? 'passed' : 'refused'
  }

  #start(one: Containers): void {
    if (one.gate !== 'passed' || one.main !== 'new' || one.isTold) return
    one.main = 'running'
    one.startedAt = this.now
    this.starts.push(one.uid)
    this.#event(one, 'Started')
  }

  #end(one: Containers): void {
    if (one.main !== 'running' || !(one.isTold || this.#random.chance(0.3))) return
    one.main = 'ended'
    one.finishedAt = this.now
    // Some end with 0 when they are told to stop.
    const wasTold = one.isTold
    one.exitCode = wasTold ? this.#random.pick([143, 137, 0]) : this.#random.pick([0, 0, 0, 3, 137])
    this.exits.set(one.uid, one.exitCode)
    if (one.exitCode === 0 && !wasTold) this.succeeded.add(one.uid)
  }

  #collected(one: Containers): void {
    if (one.main === 'ended' || one.isTold || one.gate === 'refused') one.collector = 'ended'
  }

  /** The kubelet tells what it has; a node that was silent is heard again. */
  #report(): void {
    const { pod } = this
    if (pod === null || this.isSilent || this.isNodeGone) return
    pod.silentSince = null
    const one = this.running.get(pod.uid)
    if (one === undefined || isFinal(pod)) return
    pod.told = { ...one, startedAt: one.startedAt + this.#skewMs, finishedAt: one.finishedAt + this.#skewMs }
    if (one.gate === 'refused') pod.phase = 'Failed'
    else if (one.gate === 'passed' && one.main !== 'new') pod.phase = 'Running'
    if (one.main === 'ended' && one.collector === 'ended')
      pod.phase = one.exitCode === 0 ? 'Succeeded' : 'Failed'
    else if (one.isTold && one.main === 'new') pod.phase = 'Failed'
    if (!isFinal(pod)) return
    this.running.delete(pod.uid)
    if (pod.deletion !== null) this.#isToAskAgain = true
  }

  /** A kubelet that has ended a deleted pod asks once more, with no grace: when it was first asked for is lost. */
  #askAgain(): void {
    if (!this.#isToAskAgain || this.pod?.deletion == null) return
    this.pod.deletion = { at: this.now, graceSeconds: 0 }
    this.#isToAskAgain = false
  }

  // What others do to it.

  /** The control plane has not heard of the node, and, later, of its pods tries to be rid. */
  silence(): void {
    this.isSilent = true
    if (this.pod?.isBound === true && !isFinal(this.pod)) this.pod.silentSince ??= this.now
  }

  taint(): void {
    if (this.pod === null || this.pod.silentSince === null || this.pod.deletion !== null) return
    this.pod.disruption = { at: this.now, reason: 'DeletionByTaintManager' }
    this.delete(null, 3600)
  }

  /** The node is taken out of the cluster: what ran there is gone. */
  loseNode(): void {
    this.isNodeGone = true
    this.running.clear()
    const { pod } = this
    if (pod === null || !pod.isBound || isFinal(pod)) return
    pod.disruption ??= { at: this.now, reason: 'DeletionByPodGC' }
    pod.phase = 'Failed'
    this.delete(null, 0)
  }

  evict(): void {
    if (this.pod === null || this.pod.deletion !== null || isFinal(this.pod)) return
    this.pod.disruption = { at: this.now, reason: 'EvictionByEvictionAPI' }
    this.delete(null, 3600)
  }

  /** By force, and its finalizer taken off by hand: it is not there any more, and may run all the same. */
  tearAway(): void {
    this.pod = null
  }
}
