/**
 * Prometheus metrics of the whole deployment, from its database: whichever web process is asked says the same, and one is
 * enough to scrape. Counters begin at 0 with the process.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Database } from '#db/client.ts'
import { plainDeployment, type Deployment } from '../domain/run/deployment.ts'
import { fullDisk, type Disk } from '../domain/space.ts'
import type { Disks } from '../storage/disks.ts'
import { attemptsEnded, settledTime, underWay, type Ended, type UnderWay } from '#db/queries/metrics.ts'

const seconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600, 14_400]

export class Metrics {
  readonly #db: Database
  readonly #disks: Disks
  readonly #parallelism: number | null
  readonly #registry = new Registry()
  readonly #gauges
  readonly #attempts
  readonly #queue
  readonly #duration
  /** Up to when attempts were counted. */
  #seen: string | null = null
  /** Scrapes come one after another: no attempt is counted twice. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    db: Database,
    disks: Disks,
    { parallelism }: Pick<Deployment, 'parallelism'> = plainDeployment,
  ) {
    this.#db = db
    this.#parallelism = parallelism
    this.#disks = disks
    const registers = [this.#registry]
    const gauge = (name: string, help: string, ...labelNames: string[]) =>
      new Gauge({ name, help, labelNames, registers })
    this.#gauges = {
      runs: gauge('dagbok_runs_active', 'Runs that have not ended.', 'state'),
      taskRuns: gauge('dagbok_task_runs_active', 'Task runs of active runs that have not ended.', 'state'),
      slots: gauge('dagbok_pool_slots', 'Slots of a pool.', 'team', 'pool'),
      used: gauge('dagbok_pool_slots_used', 'Slots of a pool that are taken.', 'team', 'pool'),
      lag: gauge(
        'dagbok_scheduler_lag_seconds',
        'How long the oldest thing has waited that a scheduler should have seen to.',
      ),
      free: gauge('dagbok_disk_free_bytes', 'Bytes that are free on a disk of the product.', 'place'),
      refused: gauge('dagbok_disk_full', '1 while a disk is too full for new work to start.', 'place'),
      push: gauge('dagbok_git_sync_age_seconds', 'Age of the oldest push whose versions are not made yet.'),
    }
    this.#attempts = new Counter({
      name: 'dagbok_task_attempts_total',
      help: 'Attempts that have ended.',
      labelNames: ['state', 'executor'],
      registers,
    })
    const histogram = (name: string, help: string) =>
      new Histogram({ name, help, labelNames: ['executor'], buckets: seconds, registers })
    this.#queue = histogram('dagbok_task_queue_seconds', 'From the queue to the claim, of ended attempts.')
    this.#duration = histogram('dagbok_task_attempt_seconds', 'From the claim to the end of an attempt.')
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The text that Prometheus reads, with the pools of these teams (ids). */
  text(teams: readonly string[]): Promise<string> {
    const mine = this.#last.then(() => this.#collect(teams))
    this.#last = mine.catch(() => {})
    return mine
  }

  async #collect(teams: readonly string[]): Promise<string> {
    const until = await settledTime(this.#db)
    for (const one of this.#seen === null ? [] : await attemptsEnded(this.#db, this.#seen, until))
      this.#count(one)
    this.#seen = until
    this.#show(await underWay(this.#db, teams, this.#parallelism))
    const disks = await this.#disks.measure()
    // One that cannot be measured any more has no figure.
    for (const gauge of [this.#gauges.free, this.#gauges.refused]) gauge.reset()
    for (const disk of disks) this.#showDisk(disk)
    return this.#registry.metrics()
  }

  #count({ state, executor, waited, took }: Ended): void {
    this.#attempts.inc({ state, executor })
    this.#duration.observe({ executor }, took)
    if (waited !== null) this.#queue.observe({ executor }, waited)
  }

  #showDisk(disk: Disk): void {
    const { place, free } = disk
    this.#gauges.free.set({ place }, free)
    this.#gauges.refused.set({ place }, fullDisk([disk], this.#disks.least) === null ? 0 : 1)
  }

  #show({ runs, taskRuns, pools, schedulerLag, pushAge }: UnderWay): void {
    const { slots, used, lag, push } = this.#gauges
    for (const [gauge, counts] of [
      [this.#gauges.runs, runs],
      [this.#gauges.taskRuns, taskRuns],
    ] as const) {
      gauge.reset()
      for (const [state, n] of Object.entries(counts)) gauge.set({ state }, n)
    }
    for (const gauge of [slots, used]) gauge.reset()
    for (const { team, pool, ...row } of pools) {
      slots.set({ team, pool }, row.slots)
      used.set({ team, pool }, row.used)
    }
    lag.set(schedulerLag)
    push.set(pushAge)
  }
}
