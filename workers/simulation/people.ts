/** What people do while a simulation goes on: runs, cancels, marks, answers, pools, pushes. */
import type { Session } from '#db/scheduling-store.ts'
import { makeRun } from '#server/services/run/create-run.ts'
import { makeDag, type MadeDag } from './dag-maker.ts'
import type { History } from './history.ts'
import type { SimulatedDatabase } from './store/database.ts'
import type { Rows } from './store/tables.ts'
import { Life, type World } from './world.ts'

const pools = ['gpu', 'io']

export interface KnownDag {
  id: string
  /** As it was last pushed. */
  made: MadeDag
  /** When its schedule was taken over first, by the database's clock; every version has the same ticks. */
  first: MadeDag
}

export class People {
  readonly dags: KnownDag[] = []
  readonly #world: World
  readonly #database: SimulatedDatabase
  readonly #history: History
  readonly #life = new Life('people')
  #versions = 0

  constructor(world: World, database: SimulatedDatabase, history: History) {
    this.#world = world
    this.#database = database
    this.#history = history
  }

  #deed(text: string, work: (tx: Session) => Promise<unknown>): void {
    this.#history.add({ kind: 'deed', text })
    this.#database
      .storeFor(this.#life)
      .transaction(work)
      .catch((error: unknown) =>
        this.#history.add({ kind: 'log', text: `people: ${(error as Error).message}` }),
      )
  }

  /** Before anything runs: pools and DAGs are there. */
  settle(count: number): void {
    const { random } = this.#world
    const { tables } = this.#database
    for (const name of pools)
      tables.pool.set(name, { id: name, teamId: 'team', name, slots: random.int(1, 3) })
    for (let i = 0; i < count; i++) {
      const id = `dag-${i}`
      const made = makeDag(random, this.#database.clock(), random.chance(0.5))
      tables.dag.set(id, {
        id,
        teamId: 'team',
        repositoryId: 'repository',
        repo: 'r',
        name: `d${i}`,
        nextRunNumber: 1,
        pausedAt: null,
        scheduledVersionId: null,
        scheduledSince: null,
        subscriptions: [],
      })
      tables.tip.set(id, { id, versionId: this.#newVersion(id, made) })
      this.dags.push({ id, made, first: made })
    }
  }

  #newVersion(dagId: string, { spec }: MadeDag): string {
    const id = `version-${++this.#versions}`
    this.#database.tables.version.set(id, { id, dagId, number: this.#versions, spec })
    return id
  }

  run(): void {
    const { random } = this.#world
    const { id } = random.pick(this.dags)
    const { tip, version } = this.#database.tables
    const at = version.get(tip.get(id)?.versionId ?? '')
    if (at === undefined) return
    const forced = random.chance(0.05)
    this.#deed(`start a run of ${id}${forced ? ', whatever its strategy says' : ''}`, (tx) =>
      makeRun(tx, {
        dagId: id,
        versionId: at.id,
        spec: at.spec,
        trigger: 'manual',
        triggeredBy: null,
        params: {},
        forced,
      }),
    )
  }

  /** Another version with the same schedule. */
  push(): void {
    const { random } = this.#world
    const dag = random.pick(this.dags)
    const { spec } = makeDag(random, this.#database.clock(), false)
    dag.made = { spec: { ...spec, schedule: dag.made.spec.schedule }, ticks: dag.made.ticks }
    const versionId = this.#newVersion(dag.id, dag.made)
    this.#history.add({ kind: 'deed', text: `push ${versionId} of ${dag.id}` })
    this.#database.change(this.#life, (tx) => tx.update('tip', dag.id, { versionId }))
  }

  cancel(): void {
    const live = [...this.#database.tables.run.values()].filter(({ endedAt }) => endedAt === null)
    if (live.length === 0) return
    const { id } = this.#world.random.pick(live)
    this.#cancelOne(id)
  }

  /** What waits for its turn may wait as long as runs are allowed to: it is cancelled. */
  giveUp(): void {
    for (const { id, state, cancelRequestedAt } of this.#database.tables.run.values())
      if (state === 'queued' && cancelRequestedAt === null) this.#cancelOne(id)
  }

  #cancelOne(id: string): void {
    this.#deed(`cancel ${id}`, async (tx) => {
      if (await tx.requestCancel(id, null)) await tx.wakeScheduler()
    })
  }

  byHand(): void {
    const { random } = this.#world
    const open = [...this.#database.tables.taskRun.values()].filter(({ endedAt }) => endedAt === null)
    if (open.length === 0) return
    const asked = open.filter(({ state }) => state === 'awaiting_input')
    this.#byHandOf(random.pick(asked.length > 0 ? asked : open))
  }

  /** A mark that comes in the moment of the start gate, where chance alone seldom comes. */
  markAtGate(taskRunId: string): void {
    const item = this.#database.tables.taskRun.get(taskRunId)
    if (item !== undefined && this.#world.random.chance(0.05)) this.#byHandOf(item)
  }

  #byHandOf({ id, runId, state }: Rows['taskRun']): void {
    const { random } = this.#world
    const yes = random.chance(0.7)
    const deed =
      state === 'awaiting_input'
        ? ({ kind: 'answer', yes, comment: null, values: {} } as const)
        : ({
            kind: 'mark',
            as: random.pick(['succeeded', 'failed', 'skipped'] as const),
            reason: 'r',
          } as const)
    this.#deed(`${deed.kind} of ${id}, which is ${state}`, async (tx) => {
      if (await tx.insertIntervention({ runId, taskRunId: id, deed, userId: null, outcome: null }))
        await tx.wakeScheduler()
    })
  }

  resizePool(): void {
    const { random } = this.#world
    this.#resize(random.pick(pools), random.int(1, 3))
  }

  /** A task that wants more slots than its pool has waits for a week: so that all can end, there is room for each. */
  makeRoom(): void {
    for (const pool of pools) this.#resize(pool, 3)
  }

  #resize(pool: string, slots: number): void {
    this.#history.add({ kind: 'deed', text: `pool ${pool} shall have ${slots} slots` })
    this.#database.change(this.#life, (tx) => tx.update('pool', pool, { slots }))
  }
}
