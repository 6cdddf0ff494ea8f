/**
 * Lives of an attempt's pod: two reconcilers, each step of which may be its last, beside a cluster in which everything goes wrong, by
 * seed. What must hold: the user's code starts once at most, the attempt ends once, its end is true, and nothing is left.
 */
import type { AttemptFacts, Ending, Forgotten, PodEnd, Seen } from '#server/domain/pod/attempt-facts.ts'
import { reconcile, type Action } from '#server/domain/pod/reconcile.ts'
import { notSeen, seenSince } from '#server/domain/pod/seen-since.ts'
import { Random } from '#workers/simulation/random.ts'
import { ModelCluster } from './model-cluster.ts'
import type { Containers } from './model-json.ts'
import { ModelRow, type Terms } from './model-row.ts'

/** Steps in which things go wrong, and at most so many after which all must be over. */
const [faulty, quiet] = [120, 4000]
const begin = Date.parse('2026-11-27T06:00:00Z')

export interface Life {
  seed: number
  broken: string[]
  end: PodEnd | null
  starts: number
}

class World {
  readonly random: Random
  readonly row: ModelRow
  readonly cluster: ModelCluster
  readonly terms: Terms
  readonly broken: string[] = []
  /** What a view may still show. */
  readonly shown: unknown[] = [null]
  /** Whether somebody tore the pod away, or its node, which was silent, is taken for dead: then it may run on, and nobody can know. */
  isBlind = false
  #cancelled = false
  #starts = 0
  /** Since when the API server tells that its code runs. */
  #runsSince: number | null = null

  constructor(random: Random) {
    this.random = random
    this.terms = {
      startBy: begin + random.pick([60_000, 600_000]),
      timeoutMs: random.pick([null, 15_000]),
      collectMs: 600_000,
      graceSeconds: 30,
      assumeDeadMs: random.pick([null, 10_000]),
    }
    this.row = new ModelRow(this.terms)
    const skews = [0, 0, -3_600_000, 3_600_000]
    this.cluster = new ModelCluster(this.row, random, begin, random.pick(skews), random.pick(skews))
  }

  pass(): void {
    const { cluster, terms } = this
    cluster.now += this.random.int(0, 1500)
    if (terms.assumeDeadMs !== null && cluster.pod?.silentSince != null) this.isBlind = true
    if (cluster.starts.length > this.#starts && this.row.ends.length > 0 && !this.isBlind)
      this.broken.push('its code started when it was told to have ended')
    this.#starts = cluster.starts.length
    if (cluster.pod?.told?.main === 'running') this.#runsSince ??= cluster.now
    const now = JSON.stringify(this.cluster.read())
    if (JSON.stringify(this.shown.at(-1)) !== now) this.shown.push(JSON.parse(now))
  }

  /** What others do. */
  fault(): void {
    const { cluster, random } = this
    const faults = [
      () => cluster.delete(null, random.pick([0, 30, 3600])),
      () => cluster.evict(),
      () => cluster.silence(),
      () => cluster.silence(),
      () => cluster.taint(),
      () => (cluster.isSilent = false),
      () => (cluster.isSilent = false),
      () => cluster.loseNode(),
      () => this.#tear(),
      () => this.#copy(),
      () => this.#cancel(),
    ]
    random.pick(faults)()
  }

  #tear(): void {
    if (this.cluster.pod === null || !this.random.chance(0.3)) return
    this.isBlind = true
    this.cluster.tearAway()
  }

  /** Somebody makes a pod by its name: from its YAML, or another. */
  #copy(): void {
    if (this.random.chance(0.3)) this.cluster.create(this.random.chance(0.5))
  }

  #cancel(): void {
    this.#cancelled = true
    this.row.askCancel()
  }

  /** @returns whether it was done; what was done may be told as if it had not been */
  do(action: Action): boolean {
    const { cluster, row } = this
    if (action.kind === 'create') return cluster.create() !== null && this.random.chance(0.8)
    if (action.kind === 'commit_uid') return row.commitUid(action.uid)
    if (action.kind === 'note') return row.note(action.what, cluster.now)
    if (action.kind === 'revoke') return this.#revoke(action.ending)
    if (action.kind === 'delete') return this.#delete(action.uid, action.graceSeconds)
    if (action.kind === 'complete_logs') return row.completeLogs()
    if (action.kind === 'remove_finalizer') return cluster.removeFinalizer(action.uid)
    if (action.kind !== 'publish') return true
    const before = [...cluster.running.values()].find(({ main }) => main === 'running')
    if (row.publish(action.end)) this.#published(action.end, before)
    return true
  }

  /** Its time is over when it is ended for that, by the clock of the database. */
  #revoke(ending: Ending): boolean {
    const { cluster, row, terms } = this
    const { gatePassedAt } = row.read()
    if (!row.revoke(ending)) return false
    const mayRunUntil = (gatePassedAt ?? Infinity) + (terms.timeoutMs ?? Infinity)
    if (ending.why === 'timeout' && cluster.now < mayRunUntil)
      this.broken.push('it is ended for having taken too long, and has not')
    if (ending.why !== 'start_timeout') return true
    if (cluster.now < terms.startBy) this.broken.push('it is ended for not having started, and has time left')
    if (this.#runsSince !== null && cluster.now - this.#runsSince > 60_000)
      this.broken.push('it is ended for not having started, and has run for a minute')
    return true
  }

  #delete(uid: string, graceSeconds: number): boolean {
    const before = this.cluster.pod
    const isDone = this.cluster.delete(uid, graceSeconds)
    if (isDone && before?.isOurs === false) this.broken.push('the pod of somebody else was deleted')
    return isDone
  }

  #published(end: PodEnd, running: Containers | undefined): void {
    if (running !== undefined && !this.isBlind)
      this.broken.push(`its code still ran when it was told to have ended as ${end.reason ?? end.state}`)
    if (end.state === 'cancelled' && !this.#cancelled) this.broken.push('nobody had cancelled it')
    this.#isTrue(end)
  }

  #isTrue({ state, reason, exitCode }: PodEnd): void {
    const { cluster } = this
    if (state === 'succeeded' && !cluster.succeeded.has(cluster.starts[0] ?? ''))
      this.broken.push('it is told to have succeeded, and did not, or was told to stop')
    if (
      (reason === 'user_error' || reason === 'killed') &&
      exitCode !== cluster.exits.get(cluster.starts[0] ?? '')
    )
      this.broken.push(`it is told to have ended with ${exitCode}`)
    if (
      cluster.starts.length === 0 &&
      ['user_error', 'killed', 'timeout', 'succeeded'].includes(reason ?? state)
    )
      this.broken.push(`its code never started, and it is told to have ended as ${reason ?? state}`)
  }
}

/** A reconciler, as far as its next effect each time: whoever drives it may stop there for ever. */
function* reconciler(world: World): Generator<void, void, void> {
  let since = notSeen
  const next = (facts: AttemptFacts | Forgotten, seen: Seen): Action[] => {
    const { now } = world.cluster
    since = seenSince(since, seen.kind === 'pod' ? seen.pod : null, now)
    return reconcile('identity' in facts ? { ...facts, since } : facts, seen, now)
  }
  for (;;) {
    const known = world.row.read()
    // Whoever reads the rows of live attempts alone finds none.
    const facts = known.isOver && world.random.chance(0.5) ? { attemptId: 'attempt-1' } : known
    yield
    let actions = next(facts, viewed(world))
    if (actions[0]?.kind === 'look') {
      yield
      const seen = fresh(world)
      yield
      actions = next(facts, seen)
    }
    for (const action of actions) {
      yield
      if (!world.do(action)) break
    }
    yield
  }
}

function viewed({ shown, random }: World): Seen {
  const pod = shown[Math.max(0, shown.length - 1 - Math.floor(random.spread(1.5)))] ?? null
  return pod === null
    ? { kind: 'absent', events: [], isFresh: false }
    : { kind: 'pod', pod, events: [], isFresh: false }
}

function fresh({ cluster }: World): Seen {
  const [pod, events] = [cluster.read(), cluster.events()]
  return pod === null
    ? { kind: 'absent', events, isFresh: true }
    : { kind: 'pod', pod, events, isFresh: true }
}

const isOver = ({ row, cluster }: World): boolean =>
  row.ends.length > 0 && cluster.running.size === 0 && (cluster.pod === null || !cluster.pod.isOurs)

export function live(seed: number): Life {
  const random = new Random(seed)
  const world = new World(random)
  const doers = [reconciler(world), reconciler(world)]
  const calm = random.pick([0, 0.01, 0.05, 0.2])
  const step = () => {
    world.pass()
    const who = random.int(0, 3)
    if (who > 1) world.cluster.step()
    else doers[who]?.next()
  }
  for (let n = 0; n < faulty; n++) {
    step()
    if (random.chance(calm)) world.fault()
    if (random.chance(calm / 2)) doers[random.int(0, 1)] = reconciler(world)
  }
  // The node is heard again, unless it is gone; nobody does anything by hand any more.
  world.cluster.isSilent = false
  for (let n = 0; n < quiet && !isOver(world); n++) step()
  return judged(seed, world)
}

function judged(seed: number, world: World): Life {
  const { broken, row, cluster } = world
  if (cluster.starts.length > 1) broken.push(`its code started ${cluster.starts.length} times`)
  if (row.ends.length === 0) broken.push('it never ended')
  if (cluster.pod?.isOurs === true) broken.push('a pod of it is left')
  return { seed, broken, end: row.ends[0] ?? null, starts: cluster.starts.length }
}
