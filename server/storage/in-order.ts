/** Sorted streams of blobs, brought together. */
import type { StoredBlob } from './artifact-store.ts'

type Blobs = AsyncIterable<readonly StoredBlob[]>

/** One by one, with a look ahead. */
class Line {
  readonly #batches: AsyncIterator<readonly StoredBlob[]>
  #batch: readonly StoredBlob[] = []
  #at = 0

  constructor(blobs: Blobs) {
    this.#batches = blobs[Symbol.asyncIterator]()
  }

  /** The next one, which stays; null at the end. */
  async first(): Promise<StoredBlob | null> {
    while (this.#at >= this.#batch.length) {
      const next = await this.#batches.next()
      if (next.done === true) return null
      this.#batch = next.value
      this.#at = 0
    }
    return this.#batch[this.#at] ?? null
  }

  pass(): void {
    this.#at++
  }

  async close(): Promise<void> {
    await this.#batches.return?.()
  }
}

/** What is in one of them or in both, each once. Both ascend by hash. */
export async function* union(one: Blobs, other: Blobs, batch = 500): AsyncGenerator<StoredBlob[]> {
  const lines = [new Line(one), new Line(other)] as const
  let found: StoredBlob[] = []
  try {
    for (;;) {
      const [a, b] = [await lines[0].first(), await lines[1].first()]
      const next = a === null || (b !== null && b.hash < a.hash) ? b : a
      if (next === null) break
      if (a?.hash === next.hash) lines[0].pass()
      if (b?.hash === next.hash) lines[1].pass()
      if (found.push(next) < batch) continue
      yield found
      found = []
    }
    if (found.length > 0) yield found
  } finally {
    for (const line of lines) await line.close()
  }
}

/** Each blob of `here`, and whether `there` has it with the same size. Both ascend by hash. */
export async function* beside(
  here: Blobs,
  there: Blobs,
): AsyncGenerator<{ blob: StoredBlob; there: boolean }> {
  const lines = [new Line(here), new Line(there)] as const
  try {
    for (let blob = await lines[0].first(); blob !== null; blob = await lines[0].first()) {
      let other = await lines[1].first()
      while (other !== null && other.hash < blob.hash) {
        lines[1].pass()
        other = await lines[1].first()
      }
      lines[0].pass()
      yield { blob, there: other?.hash === blob.hash && other.size === blob.size }
    }
  } finally {
    for (const line of lines) await line.close()
  }
}
