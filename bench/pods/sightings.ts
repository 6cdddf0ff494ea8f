/** When each pod of a run was first seen, and when it had succeeded, as the fake nodes know it. */
import type { FakePod } from '#k8s/test-cluster/fake-nodes.ts'

/** Of a pod: its run and its task; null: it is nobody's. */
export type PlaceOf = (pod: FakePod) => { run: string; task: string } | null

export class Sightings {
  readonly #seen = new Map<string, number>()
  readonly #ended = new Map<string, number>()
  readonly #placeOf: PlaceOf

  constructor(placeOf: PlaceOf) {
    this.#placeOf = placeOf
  }

  seen(pod: FakePod): void {
    this.#note(this.#seen, pod)
  }

  succeeded(pod: FakePod): void {
    this.#note(this.#ended, pod)
  }

  /** ms of this process, by run and task. */
  #note(into: Map<string, number>, pod: FakePod): void {
    const place = this.#placeOf(pod)
    if (place !== null) into.set(`${place.run} ${place.task}`, performance.now())
  }

  /**
   * ms from a parent's end to its child's being there, in chains of tasks `t0`, `t1`, …
   * @throws when one was not seen
   */
  reactions(runs: readonly string[], length: number): number[] {
    return runs.flatMap((run) =>
      Array.from({ length: length - 1 }, (_, i) => {
        const [end, start] = [this.#ended.get(`${run} t${i}`), this.#seen.get(`${run} t${i + 1}`)]
        if (end === undefined || start === undefined)
          throw new Error(`run ${run}: t${i} → t${i + 1} was not seen`)
        return Math.max(0, start - end)
      }),
    )
  }
}
