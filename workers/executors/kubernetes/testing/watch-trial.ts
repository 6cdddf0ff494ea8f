/** One seed of R5: a watch loop over real HTTP at a server with faults, in virtual time, and what it must hold. */
import { isDeepStrictEqual } from 'node:util'
import { KubeConfig } from '@kubernetes/client-node'
import { Random } from '#workers/simulation/random.ts'
import { Calls } from '../calls.ts'
import { ClusterClient, type PodObject } from '../cluster-client.ts'
import { WatchLoop } from '../watch-loop.ts'
import { Login, wireOf } from '../wire.ts'
import { FakeApiServer, ScenePlay } from './fake-api-server.ts'
import { drawPlan, type FaultPlan } from './fault-plan.ts'
import { PodStore, type Change } from './pod-store.ts'
import { Sockets, VirtualTime } from './virtual-time.ts'

/** ms within which every change must be seen, whatever is lost. */
const always = 60_000
/** ms after the last fault, where nothing was untrue. */
const afterFaults = { breaks: 20_000, silences: 25_000, lies: Infinity }
/** ms without faults in the end. */
const quietMs = 70_000

export interface Trial {
  seed: number
  plan: FaultPlan
  changes: number
  watches: number
  /** Sentences; empty: it holds. */
  broken: string[]
}

const keyOf = ({ pod }: Change) => `team-a/${pod.metadata.name}`

/** Versions as the reconciler would have looked at them: by key, null is not there. */
type Told = Map<string, number | null>

/** Whether a change has been seen, or a later one of the same pod. */
function wasSeen(change: Change, told: Told, store: PodStore): boolean {
  const seen = told.get(keyOf(change)) ?? null
  if (seen !== null) return seen >= change.version
  // One that came and went between two looks left nothing to be looked at.
  return store.changes.some(
    (one) => one.type === 'DELETED' && keyOf(one) === keyOf(change) && one.version >= change.version,
  )
}

function busiest(at: readonly number[], windowMs: number): number {
  return Math.max(0, ...at.map((from) => at.filter((one) => one >= from && one < from + windowMs).length))
}

/** Looks at the pods of keys that it is told, as a reconciler would: what it knows may be behind, and never goes back. */
class Looker {
  /** The version up to which a key is known. */
  readonly #known = new Map<string, number>()
  readonly #store: PodStore
  readonly #told: Told
  readonly #broken: string[]

  constructor(store: PodStore, told: Told, broken: string[]) {
    this.#store = store
    this.#told = told
    this.#broken = broken
  }

  look(key: string, pod: PodObject | undefined): void {
    const before = this.#known.get(key) ?? 0
    const went = (one: Change) => one.type === 'DELETED' && one.version > before && keyOf(one) === key
    const version =
      pod === undefined
        ? (this.#store.changes.find(went)?.version ?? before)
        : Number(pod.metadata.resourceVersion)
    const there = this.#store.changes.find((one) => one.version === version)?.pod
    if (pod !== undefined && !isDeepStrictEqual(pod, there && withoutManagers(there)))
      this.#broken.push(`version ${version} of ${key} is not told as it is`)
    if (version < before) this.#broken.push(`what is known of ${key} went back to version ${version}`)
    this.#known.set(key, version)
    this.#told.set(key, pod === undefined ? null : version)
  }
}

/** The server and what is around it, for many seeds. */
export class WatchTrials {
  readonly #server = new FakeApiServer()
  readonly #sockets = new Sockets()
  #login: Login | null = null

  async open(): Promise<void> {
    const server = await this.#server.listen()
    const config = new KubeConfig()
    config.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: true }, { name: 'test', token: 'x' })
    this.#login = new Login(() => config)
  }

  async close(): Promise<void> {
    await this.#server.close()
    this.#sockets.close()
  }

  async run(seed: number): Promise<Trial> {
    if (this.#login === null) throw new Error('it is not open')
    const random = new Random(seed)
    const timing = new VirtualTime(this.#sockets, random)
    const [store, plan] = [new PodStore(), drawPlan(random)]
    const play = new ScenePlay({ store, plan, random, timing })
    this.#server.play = play
    const [told, broken]: [Told, string[]] = [new Map(), []]
    const looker = new Looker(store, told, broken)
    const source = new ClusterClient(new Calls(wireOf(this.#login), timing))
    const loop = new WatchLoop({
      source,
      selection: { namespace: 'team-a', selector: 'app.kubernetes.io/managed-by=dagbok' },
      onKeys: (keys) => {
        for (const key of keys) looker.look(key, loop.pods.get(key))
        if (random.chance(0.05)) throw new Error('a fault in the callback')
      },
      onFault: () => {},
      timing,
      settings: { pageSize: 7 },
    })
    act(store, timing, random, plan.until + 45_000)
    store.listen((change) => checkInTime(change, { store, told, broken, plan, timing }))
    const running = loop.run()
    await timing.run(plan.until + 45_000 + quietMs)
    judge(store, loop, told, play, broken)
    loop.stop()
    await running
    await timing.settled()
    return { seed, plan, changes: store.changes.length, watches: play.watchesAt.length, broken }
  }
}

/** What nobody needs, and is as long as the rest, is not kept. */
function withoutManagers(pod: PodObject): PodObject {
  const metadata = { ...pod.metadata }
  delete metadata['managedFields']
  return { ...pod, metadata }
}

/** Pods come, change, go, and come again by the same name. */
function act(store: PodStore, timing: VirtualTime, random: Random, until: number): void {
  for (let i = random.int(0, 20); i > 0; i--) store.put(`first-${i}`, 0)
  for (let at = random.spread(3000); at < until; at += random.spread(3000))
    timing.after(at, () => {
      const name =
        random.chance(0.3) || store.names.length === 0 ? `pod-${random.int(0, 9)}` : random.pick(store.names)
      if (random.chance(0.3)) store.remove(name, timing.elapsed())
      else store.put(name, timing.elapsed())
    })
}

interface Watching {
  store: PodStore
  told: Told
  broken: string[]
  plan: FaultPlan
  timing: VirtualTime
}

function checkInTime(change: Change, { store, told, broken, plan, timing }: Watching): void {
  const by = (ms: number, what: string) => {
    timing.after(ms, () => {
      if (!wasSeen(change, told, store))
        broken.push(`version ${change.version} of ${keyOf(change)} (${change.at} ms) was not seen ${what}`)
    })
  }
  by(always, 'within a minute')
  const soon = Math.max(0, plan.until - change.at) + afterFaults[plan.worst]
  if (soon < always) by(soon, 'soon after connections held again')
}

function judge(store: PodStore, loop: WatchLoop, told: Told, play: ScenePlay, broken: string[]): void {
  const there = store.at(store.version).map(withoutManagers)
  const seen = [...loop.pods.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  if (!isDeepStrictEqual(there, seen)) broken.push('in the end the view is not what is there')
  for (const change of store.changes)
    if (!wasSeen(change, told, store)) broken.push(`version ${change.version} was never told`)
  if (busiest(play.watchesAt, 1000) > 2) broken.push('there were more than two watches in a second')
  if (busiest(play.listsAt, 10_000) > 12) broken.push('there were more than twelve lists in ten seconds')
  if (play.impatient > 0) broken.push(`${play.impatient} times it did not wait as long as it was asked to`)
}
