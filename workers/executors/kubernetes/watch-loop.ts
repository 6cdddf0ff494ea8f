/**
 * Keeps a view of pods by list and watch, and tells which of them to look at. The watch is a hint: whatever it loses, repeats,
 * delays or invents, the next list puts right, and that is never more than a minute away (R5).
 *
 * A list as a whole, in pages → a watch from its version, begun again after every end from where it was → after `relistMs`, at
 * once after 410, the next list. What is silent for `silentMs` is taken for dead. Every failure waits longer, by chance.
 */
import type { ClusterClient, PodObject, PodSelection } from './cluster-client.ts'
import { ClusterError } from './cluster-error.ts'
import { PodView } from './pod-view.ts'
import { backOff, bounded, pause, realTiming, type Timing } from './timing.ts'

export type PodSource = Pick<ClusterClient, 'listPods' | 'watchPods'>

export interface WatchSettings {
  /** ms between the begins of two lists; together with what a list may have to be tried again for, less than a minute. */
  relistMs: number
  /** ms for which a watch may be silent. Bookmarks come about once a minute: of a quiet cluster the watch begins anew each time. */
  silentMs: number
  /** Pods of one page. */
  pageSize: number
  /** ms for all pages of a list. */
  listWithinMs: number
  /** ms between the begins of two watches, at least: no more than two a second, whatever happens. */
  watchGapMs: number
  /** ms of waiting after failures in a row. */
  failing: { first: number; most: number }
}

export const usualSettings: WatchSettings = {
  relistMs: 45_000,
  silentMs: 15_000,
  pageSize: 500,
  listWithinMs: 300_000,
  watchGapMs: 1000,
  failing: { first: 500, most: 5000 },
}

/** What a person who looks after the cluster may want to know. */
export interface WatchHealth {
  /** When the last list that came to its end had begun; ms of `elapsed`; null: none has. */
  listedAt: number | null
  /** What failed last, and has not succeeded since. */
  failure: ClusterError | null
}

interface Listed {
  pods: PodObject[]
  version: string
}

/** Why a watch ended: there is to be a list, at once or when it is due; or another watch. */
type Ending = 'relist' | 'rewatch'

const isGone = (error: unknown): boolean => error instanceof ClusterError && error.code === 'gone'

export class WatchLoop {
  readonly #source: PodSource
  readonly #selection: PodSelection
  readonly #onKeys: (keys: string[]) => void
  readonly #onFault: (error: unknown) => void
  readonly #timing: Timing
  readonly #settings: WatchSettings
  readonly #view = new PodView()
  readonly #stopped = new AbortController()
  #listedAt: number | null = null
  #failure: ClusterError | null = null
  /** Watches in a row that told nothing. */
  #fruitless = 0
  #watchedAt = -Infinity

  /**
   * @param given.onKeys gets keys (`NAMESPACE/NAME`) of pods that came, went or changed. It only notes them: what it throws goes
   *   to `onFault`, and ends nothing
   */
  constructor(given: {
    source: PodSource
    selection: PodSelection
    onKeys: (keys: string[]) => void
    onFault: (error: unknown) => void
    timing?: Timing
    settings?: Partial<WatchSettings>
  }) {
    this.#source = given.source
    this.#selection = given.selection
    this.#onKeys = given.onKeys
    this.#onFault = given.onFault
    this.#timing = given.timing ?? realTiming
    this.#settings = { ...usualSettings, ...given.settings }
  }

  /** As last heard: it may be behind, and a pod that is missing here may be there. */
  get pods(): ReadonlyMap<string, PodObject> {
    return this.#view.pods
  }

  /** One of them, as far as its own end goes: that somebody asked for its deletion afterwards is left out. */
  seen(key: string): PodObject | undefined {
    return this.#view.seen(key)
  }

  get health(): WatchHealth {
    return { listedAt: this.#listedAt, failure: this.#failure }
  }

  /** Goes on until `stop`. Never rejects. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      const due = await this.#list()
      for (let ending: Ending = 'rewatch'; ending === 'rewatch' && !this.#isStopped;)
        ending = await this.#watch(due)
    }
  }

  stop(): void {
    this.#stopped.abort(new Error('stopped'))
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  /** Lists until a list came to its end. @returns when the next one is due, ms of `elapsed` */
  async #list(): Promise<number> {
    const { relistMs, pageSize, listWithinMs } = this.#settings
    for (let [failures, forgotten] = [0, 0]; ; failures++) {
      const began = this.#timing.elapsed()
      const due = began + relistMs * (0.9 + this.#timing.random() / 10)
      const late = () => new ClusterError('timeout', `A list did not end within ${listWithinMs / 1000} s.`)
      const bound = bounded(this.#timing, listWithinMs, late, this.#stopped.signal)
      try {
        // Where versions are forgotten faster than pages are read, one page must do.
        const { pods, version } = await this.#pages(forgotten < 2 ? pageSize : undefined, bound.signal)
        this.#listedAt = began
        this.#failure = null
        this.#tell(this.#view.replace(pods, version))
        // Where a list takes as long as that, a watch has some time all the same.
        return Math.max(due, this.#timing.elapsed() + relistMs / 10)
      } catch (error) {
        if (this.#isStopped) return due
        if (isGone(error)) forgotten++
        await this.#failed(error, failures, Infinity)
      } finally {
        bound.release()
      }
    }
  }

  async #pages(limit: number | undefined, signal: AbortSignal): Promise<Listed> {
    const pods: PodObject[] = []
    for (let next: string | undefined; ;) {
      const page = await this.#source.listPods(this.#selection, { limit, next, signal })
      pods.push(...page.pods)
      // The pages of a list are of one version.
      if (page.next === null) return { pods, version: page.resourceVersion }
      next = page.next
    }
  }

  async #watch(due: number): Promise<Ending> {
    const { signal } = this.#stopped
    const gap = this.#settings.watchGapMs * 2 ** Math.min(3, this.#fruitless)
    await this.#wait(this.#watchedAt + gap - this.#timing.elapsed(), due)
    const left = due - this.#timing.elapsed()
    if (left <= 0 || signal.aborted) return 'relist'
    this.#watchedAt = this.#timing.elapsed()
    const over = new ClusterError('timeout', 'The next list is due.')
    const bound = bounded(this.#timing, left, () => over, signal)
    try {
      const told = await this.#follow(left, bound.signal)
      // One that ends at once and tells nothing is no better than one that fails.
      const isShort = this.#timing.elapsed() - this.#watchedAt < this.#settings.watchGapMs
      this.#fruitless = told === 0 && isShort ? this.#fruitless + 1 : 0
      return 'rewatch'
    } catch (error) {
      if (error === over || signal.aborted) return 'relist'
      return this.#afterBreak(error, due)
    } finally {
      bound.release()
    }
  }

  async #afterBreak(error: unknown, due: number): Promise<Ending> {
    const code = error instanceof ClusterError ? error.code : null
    // Of a quiet cluster nothing comes, either, and either has taken its time already.
    if (code === 'silent' || code === 'timeout') {
      this.#failure = code === 'silent' ? null : (error as ClusterError)
      return 'rewatch'
    }
    // At once, unless it is so time and again: that a version was forgotten says nothing of the server.
    if (!isGone(error) || this.#fruitless > 0) await this.#failed(error, this.#fruitless, due)
    this.#fruitless++
    return isGone(error) ? 'relist' : 'rewatch'
  }

  /** Resolves when the server has ended the watch, with how many events it told. */
  async #follow(left: number, signal: AbortSignal): Promise<number> {
    const { silentMs } = this.#settings
    let told = 0
    const ask = { resourceVersion: this.#view.version, seconds: left / 1000, silentMs, signal }
    for await (const event of this.#source.watchPods(this.#selection, ask)) {
      told++
      this.#fruitless = 0
      this.#failure = null
      const key = this.#view.apply(event)
      if (key !== null) this.#tell([key])
    }
    return told
  }

  #tell(keys: string[]): void {
    if (keys.length === 0) return
    try {
      this.#onKeys(keys)
    } catch (error) {
      this.#fault(error)
    }
  }

  #fault(error: unknown): void {
    try {
      this.#onFault(error)
    } catch {
      // Whoever is told of faults has one: the loop goes on all the same.
    }
  }

  /** @param before failures in a row before this one. @param due when the next list is, ms of `elapsed`: nothing delays it */
  async #failed(error: unknown, before: number, due: number): Promise<void> {
    if (error instanceof ClusterError) this.#failure = error
    else this.#fault(error)
    const asked = error instanceof ClusterError ? (error.retryAfterMs ?? 0) : 0
    const wait = backOff(before, this.#settings.failing, this.#timing.random)
    await this.#wait(Math.max(wait, asked), due)
  }

  async #wait(ms: number, due: number): Promise<void> {
    const left = Math.min(ms, due - this.#timing.elapsed())
    if (left > 0) await pause(this.#timing, left, this.#stopped.signal)
  }
}
