/** The events of one watch, as they come through the faults that are in front. */
import type { Scene } from './fake-api-server.ts'
import type { Cut } from './fault-plan.ts'
import type { Outbox } from './outbox.ts'
import type { Change } from './pod-store.ts'

export class EventStream {
  readonly #scene: Scene
  readonly #out: Outbox
  readonly #cut: Cut
  /** Events until it breaks. */
  #left: number
  /** Held back until the next one. */
  #held: Change[] = []
  #isOver = false

  constructor(scene: Scene, out: Outbox, cut: Cut) {
    this.#scene = scene
    this.#out = out
    this.#cut = cut
    this.#left = cut.kind === 'after' ? cut.events : Infinity
    if (this.#left === 0) this.#over()
  }

  send(change: Change): void {
    const { plan, random, timing } = this.#scene
    const lies = timing.elapsed() < plan.until
    if (this.#isOver || (lies && random.chance(plan.drop))) return
    if (lies && random.chance(plan.late)) {
      this.#held.push(change)
      return
    }
    const times = lies && random.chance(plan.double) ? 2 : 1
    for (const one of [...Array.from({ length: times }, () => change), ...this.#held.splice(0)])
      this.#line(one)
  }

  bookmark(): void {
    if (this.#isOver) return
    const metadata = { resourceVersion: String(this.#scene.store.version) }
    const object = { kind: 'Pod', apiVersion: 'v1', metadata }
    this.#out.text(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)
  }

  end(): void {
    if (!this.#isOver) this.#out.end()
    this.#isOver = true
  }

  #line({ type, pod }: Change): void {
    if (this.#isOver) return
    this.#out.text(`${JSON.stringify({ type, object: pod })}\n`)
    if (--this.#left <= 0) this.#over()
  }

  #over(): void {
    this.#isOver = true
    this.#out.break(
      JSON.stringify({ type: 'MODIFIED', object: this.#scene.store.changes.at(-1)?.pod ?? {} }),
      this.#cut,
    )
  }
}
